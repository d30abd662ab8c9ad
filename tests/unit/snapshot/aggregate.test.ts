import { describe, expect, test } from "bun:test";
import type { DynamicConfiguration } from "../../../src/config/dynamic/schema.ts";
import { DEFAULT_OBSERVABILITY } from "../../../src/http/observability.ts";
import {
  aggregate,
  type EntryPointModel,
  MAX_USER_PRIORITY,
} from "../../../src/snapshot/aggregate.ts";

const plain = (name: string, more: Partial<EntryPointModel> = {}): EntryPointModel => ({
  name,
  asDefault: false,
  middlewares: [],
  observability: DEFAULT_OBSERVABILITY,
  ...more,
});

const source = (http: unknown, provider = "file") => ({
  provider,
  configuration: { http } as DynamicConfiguration,
  disabled: [],
});

describe("aggregate", () => {
  test("qualifies names, and references in the provider of the one who refers", () => {
    const snapshot = aggregate(
      1,
      [
        source({
          routers: {
            shop: { rule: "Path(`/`)", service: "cart", middlewares: ["auth", "auth@docker"] },
          },
          services: { cart: { loadBalancer: { servers: [] } } },
        }),
      ],
      [plain("web")],
    );
    expect(snapshot.routers["shop@file"]).toMatchObject({
      service: "cart@file",
      middlewares: ["auth@file", "auth@docker"],
    });
    expect(Object.keys(snapshot.services)).toEqual(["cart@file"]);
  });

  test("a router without entrypoints is on the default ones, or on all where none is", () => {
    const configuration = [source({ routers: { r: { rule: "Path(`/`)", service: "s" } } })];
    const all = aggregate(1, configuration, [plain("web"), plain("admin")]);
    expect(all.routers["r@file"]?.entryPoints).toEqual(["web", "admin"]);
    const chosen = aggregate(1, configuration, [plain("web", { asDefault: true }), plain("admin")]);
    expect(chosen.routers["r@file"]?.entryPoints).toEqual(["web"]);
  });

  test("an entrypoint's middlewares come first, and a router on several entrypoints splits", () => {
    const models = [plain("web", { middlewares: ["edge"] }), plain("admin")];
    const { routers } = aggregate(
      1,
      [source({ routers: { r: { rule: "Path(`/`)", service: "s", middlewares: ["own"] } } })],
      models,
    );
    expect(Object.keys(routers)).toEqual(["r@file", "web-r@file"]);
    expect(routers["web-r@file"]?.middlewares).toEqual(["edge@file", "own@file"]);
    expect(routers["r@file"]).toMatchObject({
      entryPoints: ["admin"],
      middlewares: ["own@file"],
    });
  });

  test("observability: the router's words go before the entrypoint's, one by one", () => {
    const router = (observability?: unknown) => ({
      rule: "Path(`/`)",
      service: "s",
      observability,
    });
    const { routers } = aggregate(
      1,
      [
        source({
          routers: {
            loud: router({ accessLogs: true }),
            quiet: router({ accessLogs: false, traceVerbosity: "detailed" }),
            plain: router(),
          },
        }),
      ],
      [
        plain("web", {
          observability: { ...DEFAULT_OBSERVABILITY, accessLogs: false, metrics: false },
        }),
      ],
    );
    const words = { accessLogs: false, metrics: false, tracing: true, traceVerbosity: "minimal" };
    expect(
      Object.fromEntries(
        Object.entries(routers).map(([name, { observability }]) => [name, observability]),
      ) as unknown,
    ).toEqual({
      "loud@file": { ...words, accessLogs: true },
      "quiet@file": { ...words, traceVerbosity: "detailed" },
      "plain@file": words,
    });
  });

  test("the entrypoint traefik is never a default one", () => {
    const { routers } = aggregate(
      1,
      [source({ routers: { r: { rule: "Path(`/`)", service: "s" } } })],
      [plain("web"), plain("traefik")],
    );
    expect(routers["r@file"]?.entryPoints).toEqual(["web"]);
  });

  test("an entrypoint that doesn't exist is an error; the others serve", () => {
    const { routers, disabled } = aggregate(
      1,
      [
        source({
          routers: {
            half: { rule: "Path(`/`)", service: "s", entryPoints: ["web", "nope"] },
            none: { rule: "Path(`/`)", service: "s", entryPoints: ["nope"] },
          },
        }),
      ],
      [plain("web")],
    );
    expect(routers["half@file"]?.entryPoints).toEqual(["web"]);
    expect(routers["none@file"]).toBeUndefined();
    expect(disabled.map(({ name, errors, partly }) => [name, errors, partly])).toEqual([
      ["half@file", ['entryPoint "nope" does not exist'], true],
      ["none@file", ['entryPoint "nope" does not exist'], undefined],
    ]);
  });

  test("priorities: exact up to the users' maximum, refused above it, free for the internal provider", () => {
    const http = (priority: bigint) => ({
      routers: { r: { rule: "Path(`/`)", service: "s", priority } },
    });
    const models = [plain("web")];
    expect(
      aggregate(1, [source(http(MAX_USER_PRIORITY))], models).routers["r@file"]?.priority,
    ).toBe(String(MAX_USER_PRIORITY));
    const refused = aggregate(1, [source(http(MAX_USER_PRIORITY + 1n))], models);
    expect(refused.routers).toEqual({});
    expect(refused.disabled[0].errors[0]).toContain("9223372036854774807");
    const internal = aggregate(1, [source(http(2n ** 63n - 1n), "internal")], models);
    expect(internal.routers["r@internal"]?.priority).toBe("9223372036854775807");
  });
});

test("a snapshot is the same after its way through JSON to another thread", () => {
  const snapshot = aggregate(
    7,
    [
      source({
        routers: { r: { rule: "Path(`/`)", service: "s", priority: MAX_USER_PRIORITY, tls: {} } },
        services: { s: { loadBalancer: { servers: [{ url: "http://127.0.0.1:1" }] } } },
        middlewares: { m: { addPrefix: { prefix: "/x" } } },
      }),
    ],
    [plain("web")],
  );
  const carried = structuredClone(JSON.parse(JSON.stringify(snapshot)));
  expect(carried).toEqual(snapshot);
  expect(carried.routers["r@file"].priority).toBe("9223372036854774807");
});

test("rules of Traefik 2 become those of v3 and keep their priority; one that can't is disabled", () => {
  const rule = "Path(`/a`, `/b`)";
  const configuration = (http: object, tcp: object = {}) => [
    {
      ...source({ routers: http }),
      configuration: { http: { routers: http }, tcp: { routers: tcp } } as DynamicConfiguration,
    },
  ];
  const routers = {
    v2: { rule, service: "s", ruleSyntax: "v2" },
    ranked: { rule, service: "s", ruleSyntax: "v2", priority: 7n },
    bad: { rule: "PathRegexp(`/`)", service: "s", ruleSyntax: "v2" },
    v3: { rule: "PathRegexp(`/`)", service: "s", ruleSyntax: "v3" },
  };
  const snapshot = aggregate(
    1,
    configuration(routers, { t: { rule: "HostSNI(`a`, `b`)", service: "s" } }),
    [plain("web")],
    [],
    "v2",
  );
  const inV3 = "(Path(`/a`) || Path(`/b`))";
  expect(
    Object.entries(snapshot.routers).map(([name, each]) => [name, each.rule, each.priority]),
  ).toEqual([
    ["v2@file", inV3, String(rule.length)],
    ["ranked@file", inV3, "7"],
    ["v3@file", "PathRegexp(`/`)", undefined],
  ]);
  expect(snapshot.tcp.routers["t@file"].rule).toBe("(HostSNI(`a`) || HostSNI(`b`))");
  expect(snapshot.disabled.map(({ name }) => name)).toEqual(["bad@file"]);
});
