import { describe, expect, test } from "bun:test";
import { validateDynamic } from "../../../src/config/dynamic/validate.ts";
import { LocalCounters } from "../../../src/core/counters/counters.ts";
import { Deadlines } from "../../../src/core/timers.ts";
import { compileGraph } from "../../../src/graph/compile.ts";
import { stopGone } from "../../../src/graph/element-builder.ts";
import type { Graph } from "../../../src/graph/graph.ts";
import { NO_CODECS, NO_FILES } from "../../../src/graph/http/http-middlewares.ts";
import { DEFAULT_OBSERVABILITY } from "../../../src/http/observability.ts";
import { requestPath } from "../../../src/request/request-path.ts";
import { HealthVerdicts } from "../../../src/services/health/health-verdicts.ts";
import { aggregate } from "../../../src/snapshot/aggregate.ts";
import { makeRequest } from "../../support/http/make-request.ts";
import { silentLogger } from "../core/silent-logger.ts";

/** Configurations one after the other; servers answer with their URLs. */
class Scene {
  graph: Graph | null = null;
  private version = 0;
  private readonly ports = {
    deadlines: new Deadlines(),
    counters: new LocalCounters(),
    verdicts: new HealthVerdicts(),
  };

  async configure(http: object): Promise<Graph> {
    const { configuration, disabled } = validateDynamic({
      source: "test",
      value: { http },
      locate: () => "test",
    });
    const model = {
      name: "web",
      asDefault: true,
      middlewares: [],
      observability: DEFAULT_OBSERVABILITY,
    };
    const snapshot = aggregate(
      ++this.version,
      [{ provider: "file", configuration, disabled }],
      [model],
    );
    const graph = await compileGraph(snapshot, this.graph, {
      ...this.ports,
      logger: silentLogger(),
      files: NO_FILES,
      codecs: NO_CODECS,
      importModule: async (path) => {
        throw new Error(`no module ${path}`);
      },
      observers: [],
      internals: new Set(),
      internalServices: new Map(),
      proxyTo: ({ url }) => ({ handler: () => new Response(url), retain() {} }),
      loadModule: async (path) => {
        throw new Error(`no module ${path}`);
      },
      tlsProblem: () => undefined,
      clientDemands: () => "",
      entryPoints: [
        { name: "web", encodedCharacters: undefined, observability: DEFAULT_OBSERVABILITY },
      ],
    });
    stopGone(this.graph?.elements ?? [], graph.elements);
    this.graph = graph;
    return graph;
  }

  /** Status, text and X-Mark of the answer. */
  async ask(target: string): Promise<string> {
    const { request, exchange } = makeRequest({ target });
    const handler = requestPath({ sanitizePath: true })(this.graph!.entryPoints.get("web")!);
    const response = await handler(request, exchange);
    const text = (await response.text()).trim();
    return [response.status, text, response.headers.get("x-mark") ?? ""].join(" ").trim();
  }

  /** What is wrong, and "+" where it goes on. */
  get problems(): Record<string, string> {
    return Object.fromEntries(
      this.graph!.disabled.map(({ kind, name, errors, goesOn }) => [
        `${kind} ${name}`,
        `${goesOn ? "+ " : ""}${errors.join("; ")}`,
      ]),
    );
  }
}

const server = (name: string) => ({ loadBalancer: { servers: [{ url: `http://${name}/` }] } });
const mark = (value: string) => ({ headers: { customResponseHeaders: { "X-Mark": value } } });
const router = (path: string, service = "s", ...middlewares: string[]) => ({
  rule: `Path(\`${path}\`)`,
  service,
  middlewares,
});

describe("compileGraph", () => {
  test("routes through middlewares and chains to services of services", async () => {
    const scene = new Scene();
    await scene.configure({
      routers: { r: router("/a", "w", "all") },
      services: {
        w: { weighted: { services: [{ name: "s" }] } },
        s: server("one"),
      },
      middlewares: { all: { chain: { middlewares: ["m"] } }, m: mark("yes") },
    });
    expect([await scene.ask("/a"), scene.problems]).toEqual(["200 http://one/ yes", {}]);
    expect(await scene.ask("/b")).toBe("404 404 page not found");
  });

  test("routers in layers: a parent's middlewares, then the child whose rule matches", async () => {
    const scene = new Scene();
    const child = (
      rule: string,
      parents: string[],
      service?: string,
      ...middlewares: string[]
    ) => ({
      rule,
      parentRefs: parents,
      ...(service && { service }),
      middlewares,
    });
    const given = {
      routers: {
        api: { rule: "PathPrefix(`/api`)", middlewares: ["strip", "m"] },
        v1: child("PathPrefix(`/v1`)", ["api"], "s"),
        v2: child("PathPrefix(`/v2`)", ["api"], undefined, "deep"),
        users: child("PathPrefix(`/v2/users`)", ["v2"], "users"),
        every: child("PathPrefix(`/`)", ["v2@file"], "other"),
        alone: { rule: "Path(`/alone`)" },
        lost: child("Path(`/`)", ["gone"], "s"),
        odd: { ...child("Path(`/`)", ["api"], "s"), tls: {}, entryPoints: ["web"] },
        both: { rule: "Path(`/both`)", service: "s" },
        below: child("Path(`/`)", ["both"], "s"),
        round: child("Path(`/`)", ["about"]),
        about: child("Path(`/`)", ["round"]),
        bad: child("Path(`x`)", ["api"], "s"),
      },
      services: { s: server("one"), users: server("users"), other: server("other") },
      middlewares: {
        strip: { stripPrefix: { prefixes: ["/api"] } },
        m: mark("outer"),
        deep: { headers: { customResponseHeaders: { "X-Deep": "1" } } },
      },
    };
    await scene.configure(given);
    expect(await scene.ask("/api/v1/x")).toBe("200 http://one/ outer");
    expect(await scene.ask("/api/v2/users/7")).toBe("200 http://users/ outer");
    expect(await scene.ask("/api/v2/else")).toBe("200 http://other/ outer");
    expect(await scene.ask("/api/v3")).toBe("404 404 page not found outer");
    for (const target of ["/v1/x", "/v2/users/7", "/alone", "/both"])
      expect(await scene.ask(target)).toBe("404 404 page not found");
    expect(Object.keys(scene.problems).sort()).toEqual(
      ["about", "alone", "bad", "both", "lost", "odd", "round"].map(
        (name) => `router ${name}@file`,
      ),
    );
    expect(scene.problems["router alone@file"]).toBe("the service is missing on the router");
    expect(scene.problems["router lost@file"]).toBe('the parent router "gone@file" does not exist');
    expect(scene.problems["router odd@file"]).toContain(
      "tls belongs to the routers without parents",
    );
    expect(scene.problems["router both@file"]).toBe(
      "it has both a service and children: below@file",
    );
    // A child that changes is behind its parent at once.
    await scene.configure({ ...given, services: { ...given.services, users: server("new") } });
    expect(await scene.ask("/api/v2/users/7")).toBe("200 http://new/ outer");
  });

  test("a service's own middlewares are around it wherever it is used", async () => {
    const scene = new Scene();
    const given = (value: string) => ({
      routers: { r: router("/a", "w"), direct: router("/b", "s"), other: router("/c", "loop") },
      services: {
        w: { weighted: { services: [{ name: "s" }] } },
        s: { ...server("one"), middlewares: ["m"] },
        loop: { ...server("two"), middlewares: ["failing"] },
      },
      middlewares: {
        m: mark(value),
        failing: { errors: { status: ["500"], service: "loop", query: "/" } },
      },
    });
    await scene.configure(given("yes"));
    expect(await scene.ask("/a")).toBe("200 http://one/ yes");
    expect(await scene.ask("/b")).toBe("200 http://one/ yes");
    expect(scene.problems["service loop@file"]).toContain(
      "recursion: loop@file -> middleware failing",
    );
    await scene.configure(given("changed"));
    expect(await scene.ask("/a")).toBe("200 http://one/ changed");
  });

  test("says all that is wrong with a router at once, and what is wrong with what no router uses", async () => {
    const scene = new Scene();
    await scene.configure({
      routers: { bad: { rule: "Path(`x`)", service: "none", middlewares: ["gone", "loop"] } },
      services: { idle: { loadBalancer: {}, weighted: {} } },
      middlewares: {
        loop: { chain: { middlewares: ["loop"] } },
        idle: { headers: {} },
      },
    });
    expect(scene.problems).toEqual({
      "router bad@file": [
        'the service "none@file" does not exist',
        'the middleware "gone@file" does not exist',
        'middleware "loop@file": recursion: loop@file -> loop@file',
        'Path takes a path that starts with "/", found "x"',
      ].join("; "),
      "middleware loop@file": 'middleware "loop@file": recursion: loop@file -> loop@file',
      "middleware idle@file": "headers: headers configuration not valid: no option is set",
      "service idle@file":
        'service "idle@file": expected exactly one type, found loadBalancer, weighted',
    });
  });

  test("keeps what a reload doesn't change, middlewares also where the service behind them did", async () => {
    const scene = new Scene();
    const given = (name: string) => ({
      routers: { r: router("/", "s", "m") },
      services: { s: server(name), other: server("other") },
      middlewares: { m: mark("yes") },
    });
    const first = await scene.configure(given("one"));
    const second = await scene.configure(given("two"));
    expect(await scene.ask("/")).toBe("200 http://two/ yes");
    for (const [section, name, same] of [
      ["middlewares", "m@file", true],
      ["services", "other@file", true],
      ["services", "s@file", false],
      ["routers", "r@file", false],
    ] as const) {
      const kept = first[section].get(name) === second[section].get(name);
      expect([section, name, kept]).toEqual([section, name, same]);
    }
  });

  test("an element with a mistake now goes on with what it used, however deep", async () => {
    const scene = new Scene();
    const right = {
      routers: { r: router("/", "w", "all"), other: router("/other") },
      services: { w: { weighted: { services: [{ name: "s" }] } }, s: server("one") },
      middlewares: { all: { chain: { middlewares: ["m"] } }, m: mark("yes") },
    };
    await scene.configure(right);
    await scene.configure({ ...right, services: { ...right.services, s: { loadBalancr: {} } } });
    expect(await scene.ask("/")).toBe("200 http://one/ yes");
    expect(Object.keys(scene.problems)).toEqual(["service s@file"]);
    expect(scene.problems["service s@file"]).toStartWith("+ ");
    // Removed: what still names it has the error.
    await scene.configure({ ...right, services: { w: right.services.w } });
    expect(await scene.ask("/")).toBe("200 http://one/ yes");
    expect(await scene.ask("/other")).toBe("200 http://one/");
    expect(scene.problems).toEqual({
      "service w@file": '+ the service "s@file" does not exist',
      "router other@file": '+ the service "s@file" does not exist',
    });
    await scene.configure({ ...right, middlewares: {}, routers: { r: right.routers.r } });
    expect([await scene.ask("/"), await scene.ask("/other")]).toEqual([
      "200 http://one/ yes",
      "404 404 page not found",
    ]);
    expect(scene.problems).toEqual({
      "router r@file": '+ the middleware "all@file" does not exist',
    });
  });
});
