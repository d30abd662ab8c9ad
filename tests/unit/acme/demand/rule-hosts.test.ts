import { expect, test } from "bun:test";
import { mayMatchHost } from "../../../../src/acme/demand/rule-hosts.ts";

const HTTP: [rule: string, may: string[], never: string[]][] = [
  ["HostRegexp(`^.+\\.shop\\.test$`)", ["a.shop.test", "a.b.shop.test"], ["shop.test", "a.test"]],
  ["PathPrefix(`/`)", ["a.test"], []],
  ["HostRegexp(`^a`) && PathPrefix(`/x`)", ["a.test"], ["b.test"]],
  ["HostRegexp(`^a`) && !Host(`a.test`)", ["a.b.test"], ["a.test", "b.test"]],
  ["HostRegexp(`^a`) || Host(`*.b.test`)", ["a.test", "x.b.test"], ["x.y.b.test", "b.test"]],
  ["!(HostRegexp(`^a`) && Path(`/x`))", ["a.test", "b.test"], []],
  ["HostRegexp(`^a`) && (Method(`GET`) || Host(`b.test`))", ["a.test"], ["b.test"]],
  ["Host(`*`)", ["a.test"], []],
];

test.each(HTTP)("%s", (rule, may, never) => {
  const matches = mayMatchHost(rule, "http");
  expect(may.filter((host) => !matches(host))).toEqual([]);
  expect(never.filter((host) => matches(host))).toEqual([]);
});

test("server names of TCP rules", () => {
  const regexp = mayMatchHost("HostSNIRegexp(`^.+\\.db\\.test$`) && ALPN(`h2`)", "tcp");
  expect([regexp("a.db.test"), regexp("db.test")]).toEqual([true, false]);
  expect(mayMatchHost("HostSNI(`*`)", "tcp")("a.test")).toBe(true);
  expect(() => mayMatchHost("HostSNI(", "tcp")).toThrow();
});
