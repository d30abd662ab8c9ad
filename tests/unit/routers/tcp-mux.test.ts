import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ConnectionFacts } from "../../../src/net/tcp-handler.ts";
import { compileTcp, TcpMux, type TcpRoute } from "../../../src/routers/tcp-mux.ts";

interface Given {
  rule: string;
  name?: string;
  priority?: bigint;
  providerRank?: number;
}

function route({ rule, name = rule, priority, providerRank = 0 }: Given): TcpRoute {
  return { name, rule: compileTcp(rule), priority, providerRank, tls: null, handler() {} };
}

const connection = (facts: Partial<ConnectionFacts> = {}): ConnectionFacts => ({
  serverName: "",
  alpn: [],
  ip: "192.0.2.7",
  ...facts,
});

/** The name of the router that a server name's connection gets. */
function winner(given: Given[], facts: Partial<ConnectionFacts> = {}): string | undefined {
  return new TcpMux(given.map(route)).match(connection(facts))?.name;
}

describe("priority", () => {
  test("is the rule's length in bytes, and -1 of the catch-all in whatever spelling", () => {
    expect(compileTcp("HostSNI(`a.test`)").priority).toBe(17n);
    expect(compileTcp("  HostSNI( `a.test` )").priority).toBe(21n);
    expect(compileTcp("ALPN(`ü`)").priority).toBe(10n);
    for (const rule of ["HostSNI(`*`)", "hostsni( `*` )", "(HostSNI(`*`))"])
      expect(compileTcp(rule).priority).toBe(-1n);
    expect(compileTcp("HostSNI(`*`) && ALPN(`x`)").priority).toBe(25n);
  });

  test("the longer rule goes first, the catch-all last", () => {
    const given = [
      { rule: "HostSNI(`*`)" },
      { rule: "HostSNI(`a.test`)" },
      { rule: "HostSNI(`a.test`) && ALPN(`h2`)" },
      { rule: "HostSNIRegexp(`.`)" },
    ];
    expect(winner(given, { serverName: "a.test", alpn: ["h2"] })).toBe(given[2].rule);
    // 18 bytes against 17.
    expect(winner(given, { serverName: "a.test" })).toBe(given[3].rule);
    expect(winner(given)).toBe(given[0].rule);
  });

  test("one that is set goes before lengths, and below the catch-all where it is low enough", () => {
    const short = { rule: "ALPN(`x`)", priority: 1000n };
    const long = { rule: "HostSNI(`a-rather-long-name.test`)" };
    const facts = { serverName: "a-rather-long-name.test", alpn: ["x"] };
    expect(winner([long, short], facts)).toBe(short.rule);
    expect(winner([{ ...short, priority: -2n }, { rule: "HostSNI(`*`)" }], facts)).toBe(
      "HostSNI(`*`)",
    );
    expect(winner([long, { rule: "HostSNI(`*`)", priority: 99n }], facts)).toBe("HostSNI(`*`)");
  });

  test("priorities that doubles can't tell apart are told apart", () => {
    const high = 2n ** 63n - 1001n;
    const given = [
      { rule: "HostSNI(`*`)", name: "lower", priority: high - 1n },
      { rule: "HostSNI(`*`)", name: "higher", priority: high },
    ];
    expect(winner(given)).toBe("higher");
    expect(winner(given.reverse())).toBe("higher");
  });

  test("of equal ones the provider's precedence decides, then the name", () => {
    const rule = "HostSNI(`a.test`)";
    const given = [
      { rule, name: "b@http", providerRank: 1 },
      { rule, name: "b@file", providerRank: 0 },
      { rule, name: "a@http", providerRank: 1 },
    ];
    const facts = { serverName: "a.test" };
    expect(winner(given, facts)).toBe("b@file");
    expect(winner([given[0], given[2]], facts)).toBe("a@http");
  });
});

test("a match says whether it is the catch-all's, and what it does with TLS", () => {
  const tls = { passthrough: true, options: "default" };
  const mux = new TcpMux([
    { ...route({ rule: "HostSNI(`*`)" }), tls },
    route({ rule: "HostSNI(`a.test`)" }),
  ]);
  expect(mux.size).toBe(2);
  expect(mux.match(connection())).toMatchObject({ catchAll: true, tls });
  expect(mux.match(connection({ serverName: "a.test" }))).toMatchObject({
    catchAll: false,
    tls: null,
  });
});

test("without a router that matches there is none", () => {
  expect(new TcpMux([]).match(connection())).toBeNull();
  expect(winner([{ rule: "HostSNI(`a.test`)" }], { serverName: "b.test" })).toBeUndefined();
});

describe("whatever the rules, the answer is that of trying all in order", () => {
  type Tree =
    | { type: "is"; text: string; holds: (facts: ConnectionFacts) => boolean }
    | { type: "not"; of: Tree }
    | { type: "and" | "or"; left: Tree; right: Tree };

  const names = ["a.test", "b.test", "x.a.test", "y.a.test", "test", "z.x.a.test", ""];
  const protocols = ["h2", "http/1.1", "x"];
  const ips = ["192.0.2.1", "192.0.2.200", "198.51.100.1"];

  const leaf = fc.oneof(
    fc.constantFrom("a.test", "b.test", "x.a.test", "test").map(
      (name): Tree => ({
        type: "is",
        text: `HostSNI(\`${name}\`)`,
        holds: ({ serverName }) => serverName === name,
      }),
    ),
    fc.constantFrom("a.test", "x.a.test", "test").map(
      (domain): Tree => ({
        type: "is",
        text: `HostSNI(\`*.${domain}\`)`,
        holds: ({ serverName }) => {
          const labels = serverName.split(".");
          labels[0] = "*";
          return serverName !== "" && labels.join(".") === `*.${domain}`;
        },
      }),
    ),
    fc.constant<Tree>({ type: "is", text: "HostSNI(`*`)", holds: () => true }),
    fc.constant<Tree>({
      type: "is",
      text: "HostSNIRegexp(`^[xy]\\.`)",
      holds: ({ serverName }) => /^[xy]\./.test(serverName),
    }),
    fc.constantFrom(...protocols).map(
      (protocol): Tree => ({
        type: "is",
        text: `ALPN(\`${protocol}\`)`,
        holds: ({ alpn }) => alpn.includes(protocol),
      }),
    ),
    fc.constant<Tree>({
      type: "is",
      text: "ClientIP(`192.0.2.0/25`)",
      holds: ({ ip }) => ip === "192.0.2.1",
    }),
  );
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4, depthSize: "medium" },
      leaf,
      tie("tree").map((of): Tree => ({ type: "not", of })),
      fc
        .tuple(fc.constantFrom("and" as const, "or" as const), tie("tree"), tie("tree"))
        .map(([type, left, right]): Tree => ({ type, left, right })),
    ),
  }));

  function textOf(node: Tree): string {
    if (node.type === "is") return node.text;
    if (node.type === "not") return `!(${textOf(node.of)})`;
    return `(${textOf(node.left)} ${node.type === "and" ? "&&" : "||"} ${textOf(node.right)})`;
  }

  function holds(node: Tree, facts: ConnectionFacts): boolean {
    if (node.type === "is") return node.holds(facts);
    if (node.type === "not") return !holds(node.of, facts);
    return node.type === "and"
      ? holds(node.left, facts) && holds(node.right, facts)
      : holds(node.left, facts) || holds(node.right, facts);
  }

  /** Traefik's way: a list in order, of which the first that matches is taken. */
  function naive(given: (Given & { tree: Tree })[], facts: ConnectionFacts): string | undefined {
    const priorityOf = ({ rule, priority }: Given) =>
      priority ?? (rule === "HostSNI(`*`)" ? -1n : BigInt(rule.length));
    return given
      .toSorted((a, b) => {
        const difference = priorityOf(b) - priorityOf(a);
        if (difference !== 0n) return difference < 0n ? -1 : 1;
        return a.providerRank! - b.providerRank! || (a.name! < b.name! ? -1 : 1);
      })
      .find((one) => holds(one.tree, facts))?.name;
  }

  test("1000 sets of routers", () => {
    const routers = fc.array(
      fc.record({
        tree,
        priority: fc.option(fc.bigInt({ min: -3n, max: 40n }), { nil: undefined }),
        providerRank: fc.nat(2),
      }),
      { maxLength: 8 },
    );
    const facts = fc.record({
      serverName: fc.constantFrom(...names),
      alpn: fc.subarray(protocols),
      ip: fc.constantFrom(...ips),
    });
    fc.assert(
      fc.property(routers, fc.array(facts, { minLength: 1, maxLength: 8 }), (made, connections) => {
        const given = made.map((one, i) => ({ ...one, rule: textOf(one.tree), name: `r${i}` }));
        const mux = new TcpMux(given.map(route));
        for (const each of connections) expect(mux.match(each)?.name).toBe(naive(given, each)!);
      }),
      { numRuns: 1000 },
    );
  });
});
