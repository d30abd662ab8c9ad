import { expect, test } from "bun:test";
import type { UdpHandler, UdpSession } from "../../../../src/net/udp/udp-session.ts";
import { udpBalancer } from "../../../../src/services/udp/udp-balancer.ts";

const session: UdpSession = {
  remote: { ip: "198.51.100.1", port: 1 },
  entryPoint: "dns",
  send() {},
  close() {},
};

function balance(weights: Record<string, number | undefined>) {
  const chosen: string[] = [];
  const logs: unknown[] = [];
  const children = Object.entries(weights).map(([name, weight]) => {
    const handler: UdpHandler = () => {
      chosen.push(name);
      return { received() {}, closed() {} };
    };
    return weight === undefined ? { handler } : { handler, weight };
  });
  const logger = { debug: (...said: unknown[]) => logs.push(said), info() {}, warn() {} };
  return { handler: udpBalancer("dns@file", children, logger), chosen, logs };
}

test("sessions go to servers in turn", () => {
  const { handler, chosen } = balance({ a: undefined, b: undefined, c: undefined });
  for (let i = 0; i < 6; i++) expect(handler(session)).not.toBeNull();
  expect(chosen.join("")).toBe("abcabc");
});

test("weights are shares, and one of 0 gets nothing", () => {
  const { handler, chosen } = balance({ a: 3, b: 1, c: 0 });
  for (let i = 0; i < 40; i++) handler(session);
  const count = (name: string) => chosen.filter((one) => one === name).length;
  expect([count("a"), count("b"), count("c")]).toEqual([30, 10, 0]);
});

test("without anybody to give it to, a session is dropped and the log says why", () => {
  for (const [weights, why] of [
    [{}, "no servers in the pool"],
    [{ a: 0, b: 0 }, "all servers have 0 weight"],
  ] as const) {
    const { handler, logs } = balance(weights);
    expect(handler(session)).toBeNull();
    expect(logs).toEqual([
      ["Dropped a UDP session", { serviceName: "dns@file", entryPointName: "dns", error: why }],
    ]);
  }
});
