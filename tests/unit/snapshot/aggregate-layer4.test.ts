import { describe, expect, test } from "bun:test";
import type { DynamicConfiguration } from "../../../src/config/dynamic/schema.ts";
import { aggregateTcp, aggregateUdp } from "../../../src/snapshot/aggregate-layer4.ts";
import type { DisabledElement, Elements } from "../../../src/snapshot/snapshot.ts";

const MAX = 1000n;

const source = (configuration: unknown, provider = "file") => ({
  provider,
  configuration: configuration as DynamicConfiguration,
  disabled: [],
});

function tcp(
  sources: ReturnType<typeof source>[],
  entryPoints = ["web", "db"],
  defaults = entryPoints,
) {
  const disabled: DisabledElement[] = [];
  const snapshot = aggregateTcp(sources, new Set(entryPoints), defaults, MAX, disabled);
  const problems = Object.fromEntries(disabled.map(({ name, errors }) => [name, errors]));
  return { ...snapshot, problems };
}

const router = (more: object = {}) => ({ rule: "HostSNI(`*`)", service: "s", ...more });
const routers = (all: Record<string, object>, provider?: string) =>
  source({ tcp: { routers: all } }, provider);

describe("TCP routers", () => {
  test("have qualified names, and references in their own provider unless they name another", () => {
    const { routers: made, problems } = tcp([
      routers({
        r: router({ middlewares: ["m", "n@http"], tls: { options: "o" } }),
        q: router({ service: "s@http", tls: { options: "o@http", passthrough: true } }),
        p: router({ tls: {} }),
      }),
    ]);
    expect(problems).toEqual({});
    expect(made["r@file"]).toEqual({
      rule: "HostSNI(`*`)",
      priority: undefined,
      entryPoints: ["web", "db"],
      middlewares: ["m@file", "n@http"],
      service: "s@file",
      tls: { passthrough: false, options: "o@file" },
      providerRank: 0,
    });
    expect(made["q@file"]).toMatchObject({
      service: "s@http",
      tls: { passthrough: true, options: "o@http" },
    });
    expect(made["p@file"]?.tls).toEqual({ passthrough: false, options: "default" });
  });

  test("without entrypoints are on the default ones", () => {
    const given = [routers({ r: router(), q: router({ entryPoints: [] }) })];
    const { routers: made } = tcp(given, ["web", "db"], ["db"]);
    expect(made["r@file"]?.entryPoints).toEqual(["db"]);
    expect(made["q@file"]?.entryPoints).toEqual(["db"]);
    const none = tcp(given, ["web"], []);
    expect(none.routers).toEqual({});
    expect(none.problems["r@file"]).toEqual(["there is no default TCP entryPoint"]);
  });

  test("serve those of their entrypoints that exist, and say which don't", () => {
    const { routers: made, problems } = tcp([
      routers({
        some: router({ entryPoints: ["db", "gone"] }),
        none: router({ entryPoints: ["gone"] }),
      }),
    ]);
    expect(made["some@file"]?.entryPoints).toEqual(["db"]);
    expect(made["none@file"]).toBeUndefined();
    expect(problems).toEqual({
      "some@file": ['the TCP entryPoint "gone" does not exist'],
      "none@file": ['the TCP entryPoint "gone" does not exist'],
    });
  });

  test("have a priority up to the highest that users may give; 0 is none", () => {
    const { routers: made, problems } = tcp([
      routers({
        none: router({ priority: 0n }),
        negative: router({ priority: -5n }),
        highest: router({ priority: MAX }),
        above: router({ priority: MAX + 1n }),
      }),
    ]);
    expect(made["none@file"]?.priority).toBeUndefined();
    expect(made["negative@file"]?.priority).toBe("-5");
    expect(made["highest@file"]?.priority).toBe(String(MAX));
    expect(made["above@file"]).toBeUndefined();
    expect(problems).toEqual({
      "above@file": ["the router priority 1001 exceeds the max user-defined priority 1000"],
    });
  });

  test("of the same name in two providers are two, in their providers' order", () => {
    const { routers: made } = tcp([routers({ r: router() }, "http"), routers({ r: router() })]);
    expect(
      Object.entries(made).map(([name, { service, providerRank }]) => [
        name,
        service,
        providerRank,
      ]),
    ).toEqual([
      ["r@http", "s@http", 0],
      ["r@file", "s@file", 1],
    ]);
  });
});

test("TCP services, middlewares and serversTransports of all providers, by qualified name", () => {
  const section = (value: string) => ({
    tcp: { services: { x: value }, middlewares: { x: value }, serversTransports: { x: value } },
  });
  const { services, middlewares, serversTransports } = tcp([
    source(section("one")),
    source(section("two"), "http"),
    source({}, "empty"),
  ]);
  for (const map of [services, middlewares, serversTransports] as Elements<unknown>[])
    expect(Object.entries(map)).toEqual([
      ["x@file", "one"],
      ["x@http", "two"],
    ]);
});

describe("UDP", () => {
  function udp(all: Record<string, object>, entryPoints: string[]) {
    const disabled: DisabledElement[] = [];
    const given = [source({ udp: { routers: all, services: { s: "service" } } })];
    return { ...aggregateUdp(given, new Set(entryPoints), disabled), disabled };
  }

  test("routers without entrypoints are on all of UDP's", () => {
    const { routers: made, services } = udp({ r: { service: "s" } }, ["dns", "ntp"]);
    expect(Object.entries(made)).toEqual([
      ["r@file", { entryPoints: ["dns", "ntp"], service: "s@file" }],
    ]);
    expect(Object.keys(services)).toEqual(["s@file"]);
  });

  test("routers serve those of their entrypoints that exist", () => {
    const { routers: made, disabled } = udp(
      { r: { service: "s", entryPoints: ["dns", "web"] }, q: { entryPoints: ["web"] } },
      ["dns"],
    );
    expect(Object.entries(made)).toEqual([["r@file", { entryPoints: ["dns"], service: "s@file" }]]);
    expect(disabled.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "udpRouter r@file",
      "udpRouter q@file",
    ]);
  });

  test("routers on no entrypoint at all are said to be", () => {
    const { disabled } = udp({ r: { service: "s" } }, []);
    expect(disabled[0].errors).toEqual(["there is no default UDP entryPoint"]);
  });
});
