import { describe, expect, test } from "bun:test";
import { parseRule } from "../../../src/rules/parser.ts";
import {
  compileTcpRule,
  isCatchAll,
  neededServerName,
  serverNamesIn,
  TCP_MATCHERS,
} from "../../../src/rules/tcp-matchers.ts";

const parse = (rule: string) => parseRule(rule, TCP_MATCHERS);

/** Whether a connection matches; a server name in lower case, as a ClientHello is read. */
function matches(rule: string, serverName = "", alpn: string[] = [], ip = "192.0.2.7"): boolean {
  return compileTcpRule(parse(rule))({ serverName, alpn, ip });
}

describe("HostSNI", () => {
  const cases: [rule: string, serverName: string, expected: boolean][] = [
    ["HostSNI(`a.test`)", "a.test", true],
    ["HostSNI(`A.Test`)", "a.test", true],
    ["HostSNI(`a.test.`)", "a.test", true],
    ["HostSNI(`a.test`)", "b.test", false],
    ["HostSNI(`a.test`)", "b.a.test", false],
    ["HostSNI(`a.test`)", "", false],
    ["HostSNI(`host_name.test`)", "host_name.test", true],
    ["HostSNI(`192.0.2.1`)", "192.0.2.1", true],
    ["HostSNI(`2001:db8::1`)", "2001:db8::1", true],
    // One label, neither none nor two, as Traefik's DomainMatchHostExpression has it.
    ["HostSNI(`*.a.test`)", "b.a.test", true],
    ["HostSNI(`*.A.test.`)", "b.a.test", true],
    ["HostSNI(`*.a.test`)", "a.test", false],
    ["HostSNI(`*.a.test`)", "c.b.a.test", false],
    ["HostSNI(`*.a.test`)", "ba.test", false],
    ["HostSNI(`*.a.test`)", "", false],
    ["HostSNI(`*.test`)", "a.test", true],
    ["HostSNI(`*.test`)", "test", false],
    ["HostSNI(`*`)", "", true],
    ["HostSNI(`*`)", "whoever.test", true],
  ];
  for (const [rule, serverName, expected] of cases) {
    test(`${rule} ${expected ? "takes" : "doesn't take"} ${serverName || "no name"}`, () => {
      expect(matches(rule, serverName)).toBe(expected);
    });
  }

  for (const value of [
    "a b.test",
    "a.test/",
    "bücher.test",
    "*a.test",
    "a.*.test",
    "**",
    ".",
    "*.",
  ])
    test(`refuses ${value}`, () => {
      expect(() => matches(`HostSNI(\`${value}\`)`)).toThrow(
        `HostSNI takes a host name or "*", found "${value}"`,
      );
    });
});

describe("HostSNIRegexp", () => {
  test("is a Go expression, anywhere in the name where nothing ties it down", () => {
    expect(matches("HostSNIRegexp(`^re[0-9]+\\.test$`)", "re42.test")).toBe(true);
    expect(matches("HostSNIRegexp(`^re[0-9]+\\.test$`)", "re.test")).toBe(false);
    expect(matches("HostSNIRegexp(`\\.test`)", "a.test.other")).toBe(true);
    expect(matches("HostSNIRegexp(`^.*$`)", "")).toBe(true);
    expect(matches("HostSNIRegexp(`.+`)", "")).toBe(false);
  });

  test("names come in lower case, so capitals match only where the expression ignores case", () => {
    expect(matches("HostSNIRegexp(`^A`)", "a.test")).toBe(false);
    expect(matches("HostSNIRegexp(`(?i)^A`)", "a.test")).toBe(true);
  });

  test("refuses what Go refuses, and what isn't ASCII", () => {
    expect(() => matches("HostSNIRegexp(`(?=a)`)")).toThrow();
    expect(() => matches("HostSNIRegexp(`bücher`)")).toThrow("punycode");
  });
});

describe("ALPN", () => {
  test("holds where the client offers it, among others too", () => {
    expect(matches("ALPN(`h2`)", "", ["http/1.1", "h2"])).toBe(true);
    expect(matches("ALPN(`h2`)", "", ["http/1.1"])).toBe(false);
    expect(matches("ALPN(`h2`)", "", [])).toBe(false);
    expect(matches("ALPN(`H2`)", "", ["h2"])).toBe(false);
  });

  test("refuses what belongs to ACME", () => {
    expect(() => matches("ALPN(`acme-tls/1`)")).toThrow("acme-tls/1");
  });
});

describe("ClientIP", () => {
  const from = (rule: string, ip: string) => matches(rule, "", [], ip);
  test("takes an address or a range", () => {
    expect(from("ClientIP(`192.0.2.7`)", "192.0.2.7")).toBe(true);
    expect(from("ClientIP(`192.0.2.7`)", "192.0.2.8")).toBe(false);
    expect(from("ClientIP(`192.0.2.0/24`)", "192.0.2.255")).toBe(true);
    expect(from("ClientIP(`192.0.2.0/24`)", "192.0.3.0")).toBe(false);
    expect(from("ClientIP(`2001:db8::/32`)", "2001:db8::7")).toBe(true);
    expect(from("ClientIP(`::/0`)", "192.0.2.7")).toBe(false);
  });

  test("refuses anything else", () => {
    expect(() => matches("ClientIP(`a.test`)")).toThrow("no IP address or CIDR range");
    expect(() => matches("ClientIP(`192.0.2.0/33`)")).toThrow("no IP address or CIDR range");
  });
});

describe("a rule", () => {
  test("binds ! tighter than &&, and that tighter than ||", () => {
    const rule = "HostSNI(`a.test`) || HostSNI(`*.test`) && !ALPN(`h2`)";
    expect(matches(rule, "a.test", ["h2"])).toBe(true);
    expect(matches(rule, "b.test", ["h2"])).toBe(false);
    expect(matches(rule, "b.test", ["x"])).toBe(true);
    expect(
      matches("(HostSNI(`a.test`) || HostSNI(`*.test`)) && !ALPN(`h2`)", "a.test", ["h2"]),
    ).toBe(false);
    expect(matches("!(HostSNI(`a.test`) || ALPN(`h2`))", "b.test", ["x"])).toBe(true);
    expect(matches("!!HostSNI(`a.test`)", "a.test")).toBe(true);
  });

  test("takes matchers in Traefik's spellings, and one value each", () => {
    for (const name of ["HostSNI", "hostsni", "HOSTSNI", "Hostsni"])
      expect(matches(`${name}(\`a.test\`)`, "a.test")).toBe(true);
    expect(() => parse("hostSNI(`a.test`)")).toThrow("unknown matcher");
    expect(() => parse("Host(`a.test`)")).toThrow("HostSNI, HostSNIRegexp, ALPN, ClientIP");
    expect(() => parse("HostSNI(`a.test`, `b.test`)")).toThrow("takes 1 value, found 2");
    expect(() => parse("HostSNI()")).toThrow();
  });
});

test("the catch-all is HostSNI(`*`) and nothing but that", () => {
  for (const rule of ["HostSNI(`*`)", "hostsni(`*`)", "(HostSNI(`*`))", 'HostSNI("*")'])
    expect(isCatchAll(parse(rule))).toBe(true);
  for (const rule of [
    "HostSNI(`*.test`)",
    "HostSNIRegexp(`.*`)",
    "HostSNI(`*`) && ALPN(`h2`)",
    "HostSNI(`*`) || HostSNI(`*`)",
    "ClientIP(`0.0.0.0/0`)",
  ])
    expect(isCatchAll(parse(rule))).toBe(false);
});

test("the names that a rule has are those of all HostSNI in it, as written", () => {
  expect(
    serverNamesIn(
      parse("HostSNI(`A.test`) && !(HostSNI(`*`) || HostSNIRegexp(`x`)) || ALPN(`h2`)"),
    ),
  ).toEqual(["A.test", "*"]);
});

test("the name that a matcher needs is in lower case; others need none", () => {
  const needed = (rule: string) => {
    const node = parse(rule);
    if (node.type !== "matcher") throw new Error("expected a matcher");
    return neededServerName(node);
  };
  expect(needed("HostSNI(`*.A.test.`)")).toBe("*.a.test");
  for (const rule of ["HostSNI(`*`)", "HostSNIRegexp(`a`)", "ALPN(`a`)", "ClientIP(`::1`)"])
    expect(needed(rule)).toBeNull();
});
