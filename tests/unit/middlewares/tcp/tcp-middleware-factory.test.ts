import { expect, test } from "bun:test";
import type { TcpMiddleware } from "../../../../src/config/dynamic/tcp.ts";
import { createTcpMiddleware } from "../../../../src/middlewares/tcp/tcp-middleware-factory.ts";
import { FakeAccepted } from "../../net/fake-accepted.ts";

/** How many of three connections of one client are served. */
function serves(configuration: TcpMiddleware): number {
  let served = 0;
  const handler = createTcpMiddleware(configuration, { debug() {} })(() => void served++);
  for (let i = 0; i < 3; i++) handler(new FakeAccepted("192.0.2.7"));
  return served;
}

test("makes each kind", () => {
  expect(serves({ inFlightConn: { amount: 2 } })).toBe(2);
  expect(serves({ ipAllowList: { sourceRange: ["192.0.2.7"] } })).toBe(3);
  expect(serves({ ipAllowList: { sourceRange: ["192.0.2.8"] } })).toBe(0);
  // Its former name.
  expect(serves({ ipWhiteList: { sourceRange: ["192.0.2.8"] } })).toBe(0);
});

test("makes one kind at a time", () => {
  expect(() => serves({})).toThrow("expected exactly one kind, found none");
  expect(() =>
    serves({ inFlightConn: { amount: 1 }, ipAllowList: { sourceRange: ["::1"] } }),
  ).toThrow("expected exactly one kind, found inFlightConn, ipAllowList");
});

test("an allow list without ranges is refused", () => {
  expect(() => serves({ ipAllowList: {} })).toThrow("sourceRange is empty");
});
