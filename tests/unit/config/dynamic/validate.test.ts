import { describe, expect, test } from "bun:test";
import { NO_WORKLOAD_API } from "../../../../src/config/dynamic/no-workload-api.ts";
import { validateDynamic } from "../../../../src/config/dynamic/validate.ts";
import { parseFile } from "../../../../src/config/sources/parse-file.ts";
import { dynamicErrors } from "../errors-of.ts";

const REFUSED = "known to Traefik, not supported by Sluice yet";

const read = (yaml: string) => validateDynamic(parseFile(yaml, "dynamic.yml"));

/** One server of a service. */
const server = (url: string) => `
http:
  services:
    s:
      loadBalancer:
        servers:
          - url: ${url}
`;
const router = (lines: string) => `
http:
  routers:
    r:
      rule: Path(\`/\`)
      service: s
${lines}`;

describe("a dynamic configuration says where and what", () => {
  const cases: [name: string, yaml: string, expected: string[]][] = [
    [
      "another scheme",
      server("ftp://127.0.0.1"),
      [
        '7:13: http.services.s.loadBalancer.servers.0.url: expected the scheme http, https, h2c or unix, found "ftp"',
      ],
    ],
    [
      "a server without a scheme",
      server("127.0.0.1:8080"),
      [
        '7:13: http.services.s.loadBalancer.servers.0.url: expected a URL such as "http://127.0.0.1:8080", found "127.0.0.1:8080"',
      ],
    ],
    [
      "a server without a host",
      server("http:///path"),
      [
        '7:13: http.services.s.loadBalancer.servers.0.url: expected a URL such as "http://127.0.0.1:8080", found "http:///path"',
      ],
    ],
    [
      "a health check that no timer waits for",
      "http:\n  services:\n    s:\n      loadBalancer:\n        healthCheck: { interval: 1000h, timeout: 1000h }\n",
      [
        '5:24: http.services.s.loadBalancer.healthCheck.interval: expected a duration of at most 596h, found "1000h"',
        '5:41: http.services.s.loadBalancer.healthCheck.timeout: expected a duration of at most 596h, found "1000h"',
      ],
    ],
    ["rules of Traefik v2", router("      ruleSyntax: v2\n"), []],
    [
      "no rule",
      "http:\n  routers:\n    r: {}\n",
      ["3:5: http.routers.r.rule: expected a string, found nothing"],
    ],
    [
      "an empty rule",
      "http:\n  routers:\n    r: { rule: '', service: s }\n",
      ["3:10: http.routers.r.rule: expected a rule such as Host(`example.com`), found nothing"],
    ],
    [
      "a priority that is none",
      router("      priority: high\n"),
      ['7:7: http.routers.r.priority: expected a whole number, found "high"'],
    ],
    [
      "a priority above 64 bits",
      router("      priority: 9223372036854775808\n"),
      ["7:7: http.routers.r.priority: expected a 64-bit integer, found 9223372036854775808"],
    ],
    [
      "a strategy that isn't there",
      "http:\n  services:\n    s:\n      loadBalancer:\n        strategy: rr\n",
      [
        '5:9: http.services.s.loadBalancer.strategy: expected one of wrr, p2c, hrw, leasttime, found "rr"',
      ],
    ],
    [
      "a health check of another mode",
      "http:\n  services:\n    s:\n      loadBalancer:\n        healthCheck: { mode: soap, scheme: ftp }\n",
      [
        '5:36: http.services.s.loadBalancer.healthCheck.scheme: expected one of http, https, h2c, found "ftp"',
        '5:24: http.services.s.loadBalancer.healthCheck.mode: expected one of http, grpc, found "soap"',
      ],
    ],
    [
      "a serversTransport with wrong TLS",
      "http:\n  serversTransports:\n    t: { minVersion: VersionTLS13, maxVersion: VersionTLS12 }\n",
      [
        "3:36: http.serversTransports.t.maxVersion: expected a version that is not below minVersion (VersionTLS13), found VersionTLS12",
      ],
    ],
    [
      "a key that Sluice doesn't have",
      "http:\n  serversTransports:\n    t:\n      spiffe: { ids: [a] }\n",
      [`4:7: http.serversTransports.t.spiffe: ${REFUSED} (${NO_WORKLOAD_API})`],
    ],
    [
      "an unknown middleware",
      "http:\n  middlewares:\n    m:\n      addPrefixes: { prefix: /a }\n",
      ['4:7: http.middlewares.m.addPrefixes: unknown key "addPrefixes", did you mean "addPrefix"?'],
    ],
    [
      "an unknown section",
      "http:\n  router: {}\nhttps: {}\n",
      [
        '2:3: http.router: unknown key "router", did you mean "routers"?',
        '3:1: https: unknown key "https", did you mean "http"?; it is ignored',
      ],
    ],
    [
      "a TCP router without a service",
      "tcp:\n  routers:\n    r: { rule: ALPN(`h2`) }\n",
      ["3:5: tcp.routers.r.service: expected a string, found nothing"],
    ],
    [
      "a list where names belong",
      "http:\n  routers:\n    - rule: x\n",
      ["2:3: http.routers: expected a section with keys, found a list"],
    ],
    [
      "a reserved name",
      "http:\n  routers:\n    __proto__: { rule: x, service: s }\n",
      ['3:5: http.routers.__proto__: expected another name, found "__proto__", which is reserved'],
    ],
  ];
  test.each(cases)("%s", (_, yaml, expected) => {
    expect(dynamicErrors(yaml)).toEqual(expected.map((line) => `dynamic.yml:${line}`));
  });
});

test("an error disables what has it and nothing else", () => {
  const { configuration, issues, disabled } = read(`
http:
  routers:
    good: { rule: "Host(\`a\`)", service: good }
    bad: { rule: "Host(\`b\`)", service: good, parentRef: [x] }
    typo: { rules: "Host(\`c\`)", service: good }
  services:
    good: { loadBalancer: { servers: [{ url: "http://a" }] } }
    bad: { loadBalancer: { servers: [{ url: "ftp://a" }, { url: nonsense }] } }
  middlewares:
    good: { addPrefix: { prefix: /a } }
    bad: { addPrefix: {} }
  serversTransports:
    good: { maxIdleConnsPerHost: 5 }
    bad: { maxIdleConnsPerHost: lots }
  nonsense: {}
udp: { routers: { r: { service: s } } }
`);
  expect(issues.map(({ path }) => path.join("."))).toEqual(["http.nonsense"]);
  const { http } = configuration;
  expect(
    Object.entries(http!).map(([section, elements]) => [section, Object.keys(elements!)]),
  ).toEqual([
    ["routers", ["good"]],
    ["services", ["good"]],
    ["middlewares", ["good"]],
    ["serversTransports", ["good"]],
  ]);
  expect(disabled.map(({ kind, name, errors }) => [kind, name, errors.length])).toEqual([
    ["router", "bad", 1],
    ["router", "typo", 2],
    ["service", "bad", 2],
    ["middleware", "bad", 1],
    ["serversTransport", "bad", 1],
  ]);
});

test("priorities are exact", () => {
  const priorityOf = (priority: string) =>
    read(router(`      priority: ${priority}\n`)).configuration.http!.routers!["r"].priority;
  expect(priorityOf("9223372036854775807")).toBe(9223372036854775807n);
  expect(priorityOf("'9223372036854775806'")).toBe(9223372036854775806n);
  expect(priorityOf("-9223372036854775808")).toBe(-9223372036854775808n);
  expect(priorityOf("42")).toBe(42n);
  expect(priorityOf("0")).toBe(0n);
});

test("sections and elements without a value are absent, names are as written", () => {
  const { configuration, issues, disabled } = read(`
HTTP:
  Routers:
    constructor: { RULE: "Host(\`a\`)", Service: S }
    empty:
  services:
tcp:
udp: {}
tls: { certificates: }
x-shared: &shared { a: 1 }
`);
  expect([issues, disabled]).toEqual([[], []]);
  expect(JSON.stringify(configuration)).toBe(
    '{"http":{"routers":{"constructor":{"service":"S","rule":"Host(`a`)"}}}}',
  );
});

test("a rejectStatusCode of 0 is as good as none", () => {
  const yaml = "{ ipAllowList: { sourceRange: 10.0.0.0/8, rejectStatusCode: 0 } }";
  expect(dynamicErrors(`http: { middlewares: { m: ${yaml} } }`)).toEqual([]);
});

test("a flushInterval may be negative, as Traefik has it", () => {
  for (const interval of ["-1", "-1ms", "100ms", "0"]) {
    const yaml = `http: { services: { s: { loadBalancer: { responseForwarding: { flushInterval: ${interval} } } } } }`;
    expect(dynamicErrors(yaml)).toEqual([]);
  }
});

test("ten thousand routers with errors are said without searching each one's place anew", () => {
  const routers = Array.from(
    { length: 10_000 },
    (_, i) => `    r${i}: { rule: "Path(\`/\`)", service: s, oddKey: 1 }\n`,
  );
  const { disabled } = read(`http:\n  routers:\n${routers.join("")}`);
  expect(disabled).toHaveLength(10_000);
  expect(disabled[9_999].errors).toEqual([
    `dynamic.yml:10002:45: http.routers.r9999.oddKey: unknown key "oddKey"`,
  ]);
});
