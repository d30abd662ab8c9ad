import { expect, test } from "bun:test";
import { entryPointSchema } from "../../../src/config/static/entry-points.ts";
import { Deadlines } from "../../../src/core/timers.ts";
import type { DatagramHandler, UdpOptions } from "../../../src/net/udp/udp.ts";
import { isUdp, UdpPlane } from "../../../src/server/udp-plane.ts";
import type { UdpSnapshot } from "../../../src/snapshot/snapshot.ts";
import { silentLogger } from "../core/silent-logger.ts";
import { FakeUdpNetwork, turn } from "../net/fake-udp.ts";

const silent = silentLogger();

const entry = (address: string, udp = {}) => entryPointSchema.parse({ address, udp });

test("entrypoints are told apart by their protocol", () => {
  expect([":53/udp", ":53/UDP", ":53", ":53/tcp"].map((address) => isUdp(entry(address)))).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("entrypoints bind as configured and get the configuration's handlers, reload by reload", async () => {
  const network = new FakeUdpNetwork();
  const plane = new UdpPlane(
    [
      ["dns", entry("127.0.0.1:53/udp", { timeout: "7s", maxSessions: 5 })],
      ["log", entry("[::1]:514/udp")],
    ],
    network,
    new Deadlines(),
    silent,
  );
  expect(plane.entryPoints.map(({ options }) => options)).toEqual([
    {
      name: "dns",
      hostname: "127.0.0.1",
      port: 53,
      reusePort: false,
      timeout: 7000,
      maxSessions: 5,
      requestAcceptGraceTimeout: 0,
      graceTimeOut: 10_000,
    },
    {
      name: "log",
      hostname: "::1",
      port: 514,
      reusePort: false,
      timeout: 3000,
      maxSessions: 10_000,
      requestAcceptGraceTimeout: 0,
      graceTimeOut: 10_000,
    },
  ]);
  const service = { loadBalancer: { servers: [{ address: "192.0.2.1:5353" }] } };
  const services = { "s@file": service };
  const router = { entryPoints: ["dns"], service: "s@file" };
  const apply = async (routers: UdpSnapshot["routers"]) =>
    (await plane.compile({ udp: { routers, services }, disabled: [] }))();
  await apply({ "r@file": router });
  expect([plane.disabled, plane.routerCount, plane.serviceCount]).toEqual([[], 1, 1]);
  await plane.listen();
  const [dns, log] = network.sockets;
  dns.receive("a");
  log.receive("b");
  await turn();
  expect(network.sockets).toHaveLength(3);
  const { options, texts } = network.sockets[2];
  expect([options.connect, texts]).toEqual([{ hostname: "192.0.2.1", port: 5353 }, ["a"]]);
  expect(plane.datagramCount).toBe(2);

  const broken = { ...router, service: "none@file" };
  await apply({ "new@file": broken });
  expect(plane.disabled).toEqual([
    {
      kind: "udpRouter",
      name: "new@file",
      errors: ['the UDP service "none@file" does not exist'],
    },
  ]);
  dns.receive("for the session that there is");
  dns.receive("for nobody", { ip: "198.51.100.9", port: 9 });
  expect(network.sockets[2].texts).toEqual(["a", "for the session that there is"]);
  expect(network.sockets).toHaveLength(3);
  for (const entryPoint of plane.entryPoints) await entryPoint.shutdown(0);
  expect(network.sockets.map(({ closes }) => closes)).toEqual([1, 1, 1]);
});

test("where one entrypoint can't bind, none stays bound", async () => {
  const network = new FakeUdpNetwork();
  const bindUdp = (options: UdpOptions, handler: DatagramHandler) =>
    options.port === 514 ? Promise.reject(new Error("in use")) : network.bindUdp(options, handler);
  const plane = new UdpPlane(
    [
      ["dns", entry(":53/udp")],
      ["log", entry(":514/udp")],
    ],
    { bindUdp },
    new Deadlines(),
    silent,
  );
  await expect(plane.listen()).rejects.toThrow("in use");
  expect(network.sockets.map(({ closes }) => closes)).toEqual([1]);
});
