import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Handler } from "../../../src/http/handler.ts";
import type { HttpRoute } from "../../../src/routers/compiled-route.ts";
import { RuleCache } from "../../../src/routers/compiled-rule.ts";
import { HttpMux } from "../../../src/routers/http-mux.ts";
import { compileHttpRule, HTTP_MATCHERS } from "../../../src/rules/http-matchers.ts";
import { parseRule } from "../../../src/rules/parser.ts";
import { makeRequest } from "../../support/http/make-request.ts";

function route(name: string, rule: string, more: Partial<HttpRoute> = {}): HttpRoute {
  return {
    name,
    rule,
    priority: undefined,
    providerRank: 0,
    handler: () => new Response(name),
    ...more,
  };
}

interface Asked {
  host: string;
  path: string;
  method?: string;
}

function made({ host, path, method = "GET" }: Asked) {
  const { request, lazy, exchange } = makeRequest({ host, target: path, method });
  exchange.routingHost = host;
  exchange.routingPath = path;
  return { request, lazy, exchange };
}

/** The name of the route that the request belongs to. */
function ask(mux: HttpMux, routes: readonly HttpRoute[], asked: Asked): string | null {
  const { request, exchange } = made(asked);
  const handler = mux.match(request, exchange);
  return routes.find((each) => each.handler === handler)?.name ?? null;
}

/** All rules in the order that Traefik's documentation gives. */
function scan(routes: readonly HttpRoute[], asked: Asked): string | null {
  const { lazy, exchange } = made(asked);
  const priority = (each: HttpRoute) => each.priority ?? BigInt(Buffer.byteLength(each.rule));
  const ordered = routes.toSorted((a, b) => {
    const difference = priority(b) - priority(a);
    if (difference !== 0n) return difference > 0n ? 1 : -1;
    return a.providerRank - b.providerRank || (a.name < b.name ? -1 : 1);
  });
  for (const each of ordered) {
    if (compileHttpRule(parseRule(each.rule, HTTP_MATCHERS))(lazy, exchange)) return each.name;
  }
  return null;
}

describe("as a scan of all rules in order", () => {
  const host = fc.constantFrom("a.test", "b.test", "c.b.test", "test", "");
  const path = fc
    .array(fc.constantFrom("/", "a", "ab", "b", "ü", "/a/"), { maxLength: 4 })
    .map((parts) => `/${parts.join("")}`);
  const matcher = fc.oneof(
    fc
      .constantFrom("a.test", "b.test", "c.b.test", "*.test", "*.b.test", "*", "A.test.")
      .map((value) => `Host(\`${value}\`)`),
    path.map((value) => `PathPrefix(\`${value}\`)`),
    path.map((value) => `PathPrefix(\`${value}\`)`),
    path.map((value) => `Path(\`${value}\`)`),
    fc.constantFrom("Method(`PUT`)", "PathRegexp(`b$`)", "HostRegexp(`^b`)"),
  );
  const { rule } = fc.letrec<{ rule: string }>((tie) => ({
    rule: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      matcher,
      fc.tuple(tie("rule"), tie("rule")).map((sides) => `(${sides.join(" && ")})`),
      fc
        .array(tie("rule"), { minLength: 2, maxLength: 3 })
        .map((sides) => `(${sides.join(" || ")})`),
      tie("rule").map((each) => `!${each}`),
    ),
  }));
  const MAX = 2n ** 63n - 1n;
  const priority = fc.oneof(
    fc.constant(undefined),
    fc.constantFrom(
      1n,
      20n,
      -1n,
      MAX,
      MAX - 1n,
      MAX - 2n,
      MAX - 1000n,
      MAX - 1001n,
      -MAX - 1n,
      2n ** 53n,
      2n ** 53n + 1n,
    ),
  );
  const routes = (maxLength: number, minLength = 0) =>
    fc
      .uniqueArray(fc.tuple(fc.stringMatching(/^[a-f]{1,3}@x$/), rule, priority, fc.nat(2)), {
        selector: ([name]) => name,
        minLength,
        maxLength,
      })
      .map((list) =>
        list.map(([name, text, rank, providerRank]) =>
          route(name, text, { priority: rank, providerRank }),
        ),
      );
  const asked = fc.record({ host, path, method: fc.constantFrom("GET", "PUT") });

  for (const [title, list] of [
    ["few rules", routes(6)],
    ["many rules", routes(60, 20)],
  ] as const) {
    test(title, async () => {
      let found = 0;
      await fc.assert(
        fc.asyncProperty(
          list,
          fc.array(asked, { minLength: 1, maxLength: 10 }),
          async (all, requests) => {
            const { mux, errors } = await HttpMux.build(all);
            expect(errors).toEqual([]);
            for (const each of requests) {
              const name = ask(mux, all, each);
              if (name !== null) found++;
              expect([each, name]).toEqual([each, scan(all, each)]);
            }
          },
        ),
        { numRuns: 400 },
      );
      expect(found).toBeGreaterThan(200);
    });
  }
});

describe("order", () => {
  const winner = async (routes: HttpRoute[], asked: Asked = { host: "a.test", path: "/api/v1" }) =>
    ask((await HttpMux.build(routes)).mux, routes, asked);

  test("the longer rule in bytes, the greater number", async () => {
    const short = route("short", "PathPrefix(`/api`)");
    const long = route("long", "PathPrefix(`/api`) && !Path(`/x`)");
    expect(await winner([short, long])).toBe("long");
    expect(await winner([{ ...short, priority: 1000n }, long])).toBe("short");
    expect(
      await winner([{ ...short, priority: -5n }, route("less", "!Path(`/x`)", { priority: -6n })]),
    ).toBe("short");
    // 13 characters of which one takes four bytes, and 14 characters.
    expect(await winner([route("z", "!Path(`/🦭`)  "), route("a", "!Path(`/abcd`)")])).toBe("z");
  });

  test("a more general place may go first", async () => {
    const routes = Array.from({ length: 20 }, (_, i) =>
      route(`r${i}`, `Host(\`a.test\`) && PathPrefix(\`/api/v${i}\`)`),
    );
    expect(await winner(routes)).toBe("r1");
    expect(await winner([...routes, route("all", "PathPrefix(`/`)", { priority: 500n })])).toBe(
      "all",
    );
    expect(await winner([...routes, route("any", "Method(`GET`)", { priority: 500n })])).toBe(
      "any",
    );
    expect(await winner([...routes, route("wild", "Host(`*.test`)", { priority: 500n })])).toBe(
      "wild",
    );
    expect(
      await winner([
        ...routes,
        route("up", "Host(`a.test`) && PathPrefix(`/a`)", { priority: 500n }),
      ]),
    ).toBe("up");
    expect(
      await winner([
        ...routes,
        route("low", "Host(`a.test`) && Path(`/api/v1`)", { priority: 1n }),
      ]),
    ).toBe("r1");
  });

  test("ties go by the provider's place, then by name, whatever the order of arrival", async () => {
    const rule = "PathPrefix(`/api`)";
    const three = [
      route("a@file", rule, { providerRank: 1 }),
      route("c@internal", rule, { providerRank: 0 }),
      route("b@internal", rule, { providerRank: 0 }),
    ];
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      expect(await winner(order.map((i) => three[i]))).toBe("b@internal");
    }
  });

  test("numbers that a double can't tell apart", async () => {
    const max = 2n ** 63n - 1n;
    const rule = "PathPrefix(`/`)";
    const ranked = [max, max - 1n, max - 2n, max - 1000n].map((priority, i) =>
      route(`z${9 - i}`, rule, { priority }),
    );
    expect(new Set(ranked.map(({ priority }) => Number(priority))).size).toBeLessThan(4);
    for (let i = 0; i < ranked.length; i++) {
      expect(await winner(ranked.slice(i).toReversed())).toBe(ranked[i].name);
    }
  });
});

/** Rules that count how often one of them is tried. */
class CountedRules extends RuleCache {
  tried = 0;
  override compile(rule: string) {
    const compiled = super.compile(rule);
    return {
      ...compiled,
      predicate: ((request, exchange) => {
        this.tried++;
        return compiled.predicate(request, exchange);
      }) satisfies typeof compiled.predicate,
    };
  }
}

describe("what a match costs doesn't go with the number of routers", () => {
  const shapes: [
    string,
    rule: (i: number) => string,
    host: (i: number) => string,
    path: (i: number) => string,
  ][] = [
    [
      "a host and a prefix each",
      (i) => `Host(\`h${i}.test\`) && PathPrefix(\`/api\`)`,
      (i) => `h${i}.test`,
      () => "/api/x",
    ],
    [
      "a prefix each on one host",
      (i) => `Host(\`a.test\`) && PathPrefix(\`/s${i}/\`)`,
      () => "a.test",
      (i) => `/s${i}/x/y`,
    ],
    [
      "a prefix each on any host",
      (i) => `PathPrefix(\`/s${i}/\`)`,
      () => "a.test",
      (i) => `/s${i}/x`,
    ],
    ["a path each", (i) => `Path(\`/s${i}\`)`, () => "a.test", (i) => `/s${i}`],
    ["a wildcard each", (i) => `Host(\`*.h${i}.test\`)`, (i) => `x.h${i}.test`, () => "/"],
    [
      "two hosts and two paths each",
      (i) =>
        `(Host(\`a${i}.test\`) || Host(\`b${i}.test\`)) && (Path(\`/x\`) || PathPrefix(\`/y/\`))`,
      (i) => `b${i}.test`,
      () => "/y/z",
    ],
  ];
  const tried = async (count: number, [, rule, host, path]: (typeof shapes)[number]) => {
    const routes = Array.from({ length: count }, (_, i) => route(`r${i}`, rule(i)));
    const rules = new CountedRules();
    const { mux } = await HttpMux.build(routes, undefined, rules);
    const counts: number[] = [];
    for (let i = 0; i < count; i += count / 10) {
      rules.tried = 0;
      expect(ask(mux, routes, { host: host(i), path: path(i) })).toBe(`r${i}`);
      counts.push(rules.tried);
    }
    rules.tried = 0;
    expect(ask(mux, routes, { host: "unknown", path: "/unknown" })).toBeNull();
    counts.push(rules.tried);
    return Math.max(...counts);
  };
  for (const shape of shapes) {
    test(shape[0], async () => {
      const [ten, all] = [await tried(10, shape), await tried(10_000, shape)];
      expect(all).toBeLessThanOrEqual(ten);
      expect(all).toBeLessThanOrEqual(2);
    });
  }

  test("whole paths are tried for nothing longer", async () => {
    const routes = Array.from({ length: 20 }, (_, i) =>
      route(`r${i}`, `Path(\`/${"a".repeat(i)}\`)`),
    );
    const rules = new CountedRules();
    const { mux } = await HttpMux.build(routes, undefined, rules);
    expect(ask(mux, routes, { host: "", path: "/aaaa/b" })).toBeNull();
    expect(ask(mux, routes, { host: "", path: `/${"a".repeat(20)}` })).toBeNull();
    expect(rules.tried).toBe(0);
  });

  test("prefixes within one another are tried from the longest", async () => {
    const routes = Array.from({ length: 1000 }, (_, i) =>
      route(`r${i}`, `PathPrefix(\`/${"a".repeat(i)}\`)`),
    );
    const rules = new CountedRules();
    const { mux } = await HttpMux.build(routes, undefined, rules);
    expect(ask(mux, routes, { host: "", path: `/${"a".repeat(700)}b` })).toBe("r700");
    expect(rules.tried).toBe(1);
  });
});

describe("build", () => {
  test("leaves out what has mistakes", async () => {
    const routes = [
      route("bad", "Host("),
      route("worse", "Path(`x`)"),
      route("good", "PathPrefix(`/`)"),
    ];
    const { mux, errors } = await HttpMux.build(routes);
    expect(errors.map(({ name }) => name)).toEqual(["bad", "worse"]);
    expect(errors[0].message).toContain("at column 6 of the rule Host(");
    expect(ask(mux, routes, { host: "a", path: "/" })).toBe("good");
  });

  test("no routes", async () => {
    const { mux } = await HttpMux.build([]);
    expect(ask(mux, [], { host: "a", path: "/" })).toBeNull();
  });

  test("a native request is found as well", async () => {
    const handler: Handler = () => new Response();
    const { mux } = await HttpMux.build([
      route("r", "Method(`GET`) && Header(`X-Kind`, `a`)", { handler }),
    ]);
    const { exchange } = made({ host: "", path: "/" });
    const asked = (kind: string) => new Request("http://a.test/", { headers: { "x-kind": kind } });
    expect(mux.match(asked("a"), exchange)).toBe(handler);
    expect(mux.match(asked("b"), exchange)).toBeNull();
  });

  test("gives turns whenever it is asked to", async () => {
    const routes = Array.from({ length: 1001 }, (_, i) => route(`r${i}`, `Host(\`h${i}\`)`));
    let asked = 0;
    let turns = 0;
    const pause = {
      breathe: () => (++asked % 100 === 0 ? pause.turn() : undefined),
      turn: async () => void turns++,
    };
    const { mux } = await HttpMux.build(routes, pause);
    expect(asked).toBeGreaterThanOrEqual(3 * routes.length);
    expect(turns).toBe(Math.floor(asked / 100) + 1);
    expect(ask(mux, routes, { host: "h1000", path: "/" })).toBe("r1000");
  });
});

describe("rules of the configuration before", () => {
  const rule = "Host(`a.test`)";

  test("are taken over, and forgotten once they were not needed", () => {
    const first = new RuleCache();
    const compiled = first.compile(rule);
    expect(first.compile(rule)).toBe(compiled);
    const second = new RuleCache(first);
    expect(second.compile(rule)).toBe(compiled);
    const third = new RuleCache(second);
    const fourth = new RuleCache(third);
    expect(fourth.compile(rule)).not.toBe(compiled);
    expect(fourth.compile(rule)).toMatchObject({ hosts: ["a.test"], paths: null, length: 14 });
  });

  test("mistakes stay mistakes", () => {
    const first = new RuleCache();
    expect(() => first.compile("Host(")).toThrow("found the end");
    expect(() => new RuleCache(first).compile("Host(")).toThrow("found the end");
  });

  test("serve routes of another order as well", async () => {
    const routes = [route("a", "PathPrefix(`/`)"), route("b", "PathPrefix(`/`)")];
    const first = new RuleCache();
    const one = await HttpMux.build(routes, undefined, first);
    const swapped = [
      route("a", "PathPrefix(`/`)"),
      route("b", "PathPrefix(`/`)", { priority: 99n }),
    ];
    const two = await HttpMux.build(swapped, undefined, new RuleCache(first));
    const request = { host: "", path: "/" };
    expect([ask(one.mux, routes, request), ask(two.mux, swapped, request)]).toEqual(["a", "b"]);
  });
});

describe("a host with another name", () => {
  const routes = [
    route("shop", "Host(`shop.test`)"),
    route("deep", "Host(`shop.test`) && PathPrefix(`/deep`)"),
    route("own", "Host(`own.test`)"),
    route("wild", "Host(`*.wild.test`)"),
    route("regexp", "HostRegexp(`^r\\.test$`)"),
    route("first", "PathPrefix(`/first`)", { priority: 1000n }),
    route("all", "PathPrefix(`/`)"),
  ];
  const aliases: Readonly<Record<string, string>> = {
    "www.test": "shop.test",
    "own.test": "shop.test",
    "a.wild.test": "shop.test",
    "x.test": "r.test",
    "y.test": "a.wild.test",
  };

  async function asked(host: string, path: string, later: boolean) {
    const { mux } = await HttpMux.build(routes);
    const { request, exchange } = made({ host, path });
    const hosts: string[] = [];
    const found = mux.matchAlias(request, exchange, (name) => {
      hosts.push(name);
      const alias = aliases[name] ?? name;
      return later ? Promise.resolve(alias) : alias;
    });
    expect(found instanceof Promise).toBe(later && hosts.length > 0);
    const handler = await found;
    expect(exchange.routingHost).toBe(host);
    return [routes.find((each) => each.handler === handler)?.name ?? null, hosts.length];
  }

  test.each<[host: string, path: string, name: string, lookups: number]>([
    ["shop.test", "/", "shop", 0],
    ["www.test", "/", "shop", 1],
    ["www.test", "/deep", "deep", 1],
    // Who names the host that the client sent needs no lookup.
    ["own.test", "/", "own", 0],
    ["a.wild.test", "/", "wild", 0],
    ["x.test", "/", "regexp", 1],
    ["y.test", "/", "wild", 1],
    ["other.test", "/", "all", 1],
    // Nothing that looks at the host comes before it.
    ["www.test", "/first", "first", 0],
    ["other.test", "/first", "first", 0],
  ])("%s%s belongs to %s", async (host, path, name, lookups) => {
    expect(await asked(host, path, false)).toEqual([name, lookups]);
    expect(await asked(host, path, true)).toEqual([name, lookups]);
  });

  test("isn't looked up where no rule looks at hosts", async () => {
    const only = [route("a", "Path(`/a`)"), route("b", "PathPrefix(`/b`)")];
    const { mux } = await HttpMux.build(only);
    for (const [path, found] of [
      ["/a", only[0].handler],
      ["/b", only[1].handler],
      ["/c", null],
    ] as const) {
      const { request, exchange } = made({ host: "www.test", path });
      const never = () => {
        throw new Error("asked");
      };
      expect(mux.matchAlias(request, exchange, never)).toBe(found);
    }
  });

  test("a dot inside the sent host isn't its end for expressions", async () => {
    const dotted = [route("dotted", "HostRegexp(`^r\\.t$`)")];
    const { mux } = await HttpMux.build(dotted);
    // The alias ends where the host that the client sent has a dot.
    const { request, exchange } = made({ host: "dot.test", path: "/" });
    expect(mux.matchAlias(request, exchange, () => "r.t")).toBe(dotted[0].handler);
  });
});
