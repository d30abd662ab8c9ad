import { describe, expect, test } from "bun:test";
import { udpRouterSchema, udpServiceSchema } from "../../../../src/config/dynamic/udp.ts";

const serviceOf = (address: string) => ({ loadBalancer: { servers: [{ address }] } });

describe("a UDP server's address", () => {
  test.each(["127.0.0.1:53", "[::1]:53", "[2001:db8::1]:65535", "dns.example:1", "dns_1:53"])(
    "%s",
    (address) => {
      expect(udpServiceSchema.parse(serviceOf(address))).toEqual(serviceOf(address));
    },
  );

  test.each([
    "",
    "127.0.0.1",
    ":53",
    "127.0.0.1:",
    "127.0.0.1:0",
    "127.0.0.1:65536",
    "127.0.0.1:domain",
    "127.0.0.1:53/udp",
    "udp://127.0.0.1:53",
    "::1:53",
    "[::1",
    "[x]:53",
    "a b:53",
  ])("%s is none", (address) => {
    const result = udpServiceSchema.safeParse(serviceOf(address));
    expect(result.success).toBe(false);
    expect(result.error!.issues).toHaveLength(1);
    expect(result.error!.issues[0].path).toEqual(["loadBalancer", "servers", 0, "address"]);
    expect(result.error!.issues[0].message).toBe(
      `expected an address such as "127.0.0.1:53", "[::1]:53" or "example.com:53", found "${address}"`,
    );
  });
});

test("a UDP router has entrypoints and a service, and no rule", () => {
  expect(udpRouterSchema.parse({ service: "s" })).toEqual({ service: "s" });
  expect(udpRouterSchema.safeParse({}).success).toBe(false);
  expect(udpRouterSchema.safeParse({ service: "" }).success).toBe(false);
  expect(udpRouterSchema.safeParse({ service: "s", rule: "HostSNI(`*`)" }).success).toBe(false);
});

test("a weighted UDP service", () => {
  const weighted = { weighted: { services: [{ name: "a", weight: 3 }, { name: "b" }] } };
  expect(udpServiceSchema.parse(weighted)).toEqual(weighted);
  const negative = { weighted: { services: [{ name: "a", weight: -1 }] } };
  expect(udpServiceSchema.safeParse(negative).success).toBe(false);
});
