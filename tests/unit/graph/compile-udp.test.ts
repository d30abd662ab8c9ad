import { expect, test } from "bun:test";
import type { UdpService } from "../../../src/config/dynamic/udp.ts";
import { compileUdp, type UdpContext, type UdpGraph } from "../../../src/graph/compile-udp.ts";
import type { UdpHandler, UdpSession } from "../../../src/net/udp/udp-session.ts";
import type { DisabledElement, UdpSnapshot } from "../../../src/snapshot/snapshot.ts";
import { silentLogger } from "../core/silent-logger.ts";

const session: UdpSession = {
  remote: { ip: "198.51.100.1", port: 1 },
  entryPoint: "dns",
  send() {},
  close() {},
};

const servers = (...addresses: string[]): UdpService => ({
  loadBalancer: { servers: addresses.map((address) => ({ address })) },
});

async function compile(
  routers: Record<string, [entryPoints: string[], service: string]>,
  services: Record<string, UdpService>,
  previous: UdpGraph | null = null,
  left: readonly DisabledElement[] = [],
) {
  const chosen: string[] = [];
  const warnings: Record<string, unknown>[] = [];
  const context: UdpContext = {
    logger: silentLogger({ warn: (_, fields) => void warnings.push(fields!) }),
    proxyTo:
      ({ hostname, port }): UdpHandler =>
      () => {
        chosen.push(`${hostname} ${port}`);
        return null;
      },
  };
  const snapshot: UdpSnapshot = {
    routers: Object.fromEntries(
      Object.entries(routers).map(([name, [entryPoints, service]]) => [
        name,
        { entryPoints, service },
      ]),
    ),
    services,
  };
  const graph = await compileUdp(snapshot, left, previous, context);
  /** The servers that so many new sessions go to. */
  const give = (entryPoint: string, count: number) => {
    for (let i = 0; i < count; i++) graph.entryPoints.get(entryPoint)?.(session);
    return chosen.splice(0);
  };
  return { graph, give, warnings };
}

test("an entrypoint's router gives sessions to its service's servers in turn", async () => {
  const { graph, give } = await compile(
    { "r@file": [["dns", "other"], "s@file"] },
    { "s@file": servers("192.0.2.1:53", "[2001:db8::1]:54", "dns.example:55") },
  );
  expect(graph.disabled).toEqual([]);
  expect([...graph.entryPoints.keys()]).toEqual(["dns", "other"]);
  expect(give("dns", 4)).toEqual([
    "192.0.2.1 53",
    "2001:db8::1 54",
    "dns.example 55",
    "192.0.2.1 53",
  ]);
});

test("weighted services, in services of their own provider and of others", async () => {
  const { graph, give } = await compile(
    { "r@file": [["dns"], "w@file"] },
    {
      "w@file": { weighted: { services: [{ name: "a", weight: 3 }, { name: "b@http" }] } },
      "a@file": servers("192.0.2.1:53"),
      "b@http": servers("192.0.2.2:53"),
    },
  );
  expect(graph.disabled).toEqual([]);
  const given = give("dns", 8);
  expect(given.filter((server) => server === "192.0.2.1 53")).toHaveLength(6);
  expect(given.filter((server) => server === "192.0.2.2 53")).toHaveLength(2);
});

test("of several routers on an entrypoint the last by name that works gets it, and the log warns", async () => {
  const { graph, give, warnings } = await compile(
    {
      "a@file": [["dns", "other"], "one@file"],
      "b@file": [["dns"], "two@file"],
      "c@file": [["dns"], "none@file"],
    },
    { "one@file": servers("192.0.2.1:53"), "two@file": servers("192.0.2.2:53") },
  );
  expect(give("dns", 1)).toEqual(["192.0.2.2 53"]);
  expect(give("other", 1)).toEqual(["192.0.2.1 53"]);
  expect(graph.disabled).toEqual([
    {
      kind: "udpRouter",
      name: "c@file",
      errors: ['the UDP service "none@file" does not exist'],
    },
  ]);
  expect(warnings).toEqual([{ entryPointName: "dns", routerName: "a@file", takenBy: "b@file" }]);
});

test("what is wrong is said of the element that has it, and leaves the rest", async () => {
  const { graph, give } = await compile(
    { "r@file": [["dns"], ""], "t@file": [["other"], "good@file"] },
    {
      "none@file": {},
      "both@file": { ...servers("192.0.2.1:53"), weighted: { services: [] } },
      "round@file": { weighted: { services: [{ name: "about" }] } },
      "about@file": { weighted: { services: [{ name: "round" }] } },
      "good@file": servers("192.0.2.1:53"),
    },
  );
  expect(Object.fromEntries(graph.disabled.map(({ name, errors }) => [name, errors[0]]))).toEqual({
    "r@file": "the service is missing on the UDP router",
    "none@file": 'UDP service "none@file": expected exactly one type, found none',
    "both@file": 'UDP service "both@file": expected exactly one type, found loadBalancer, weighted',
    "round@file": 'UDP service "round@file": recursion: round@file -> about@file -> round@file',
    "about@file": 'UDP service "round@file": recursion: round@file -> about@file -> round@file',
  });
  expect(give("other", 1)).toEqual(["192.0.2.1 53"]);
});

test("a service that a reload doesn't change goes on with its turns; a changed child begins anew", async () => {
  const services = {
    "w@file": { weighted: { services: [{ name: "a" }] } },
    "a@file": servers("192.0.2.1:53", "192.0.2.2:53"),
    "b@file": servers("192.0.2.3:53"),
  };
  const routers: Record<string, [string[], string]> = { "r@file": [["dns"], "w@file"] };
  const first = await compile(routers, services);
  expect(first.give("dns", 1)).toEqual(["192.0.2.1 53"]);
  const second = await compile(routers, { ...services, "b@file": servers() }, first.graph);
  expect(second.graph.services.get("w@file")).toBe(first.graph.services.get("w@file")!);
  expect(second.graph.services.get("b@file")).not.toBe(first.graph.services.get("b@file")!);
  second.give("dns", 1);
  expect(first.give("dns", 0)).toEqual(["192.0.2.2 53"]);
  const third = await compile(
    routers,
    { ...services, "a@file": servers("192.0.2.1:53", "192.0.2.4:53") },
    second.graph,
  );
  expect(third.give("dns", 2)).toEqual(["192.0.2.1 53", "192.0.2.4 53"]);
});
