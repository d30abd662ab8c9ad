import { expect, test } from "bun:test";
import fc from "fast-check";
import { type IpStrategyOptions, ipStrategy } from "../../../src/http/ip-strategy.ts";
import { makeRequest } from "../../support/http/make-request.ts";

function ipOf(
  options: IpStrategyOptions | undefined,
  xff: string | null,
  remote = "192.0.2.7",
): string {
  const { lazy, exchange } = makeRequest({
    remote,
    headers: xff === null ? [] : [["X-Forwarded-For", xff]],
  });
  return ipStrategy(options)(lazy, exchange);
}

test("without options it is the peer", () => {
  expect(ipOf(undefined, "10.0.0.1")).toBe("192.0.2.7");
  expect(ipOf({}, "10.0.0.1")).toBe("192.0.2.7");
  expect(ipOf({ depth: 0, excludedIPs: [] }, "10.0.0.1")).toBe("192.0.2.7");
});

test("depth counts from the right, as a split does", () => {
  expect(ipOf({ depth: 1 }, null)).toBe("");
  const list = fc.array(fc.constantFrom("", "10.0.0.1", " 10.0.0.2 ", "x"), {
    minLength: 1,
    maxLength: 5,
  });
  fc.assert(
    fc.property(list, fc.integer({ min: 1, max: 6 }), (members, depth) => {
      expect(ipOf({ depth }, members.join(","))).toBe(
        (members[members.length - depth] ?? "").trim(),
      );
    }),
  );
});

test("excludedIPs: the rightmost that is not excluded", () => {
  const excludedIPs = ["10.0.0.0/8", "::1"];
  expect(ipOf({ excludedIPs }, "1.1.1.1,10.0.0.1,::1")).toBe("1.1.1.1");
  expect(ipOf({ excludedIPs }, "1.1.1.1,unknown, 10.0.0.1,")).toBe("unknown");
  expect(ipOf({ excludedIPs }, "10.0.0.1")).toBe("");
  expect(ipOf({ excludedIPs }, null)).toBe("");
  expect(ipOf({ excludedIPs, depth: 1 }, "1.1.1.1,10.0.0.1")).toBe("10.0.0.1");
});

test("ipv6Subnet gives the network's first address, and leaves IPv4 alone", () => {
  const cases: [number, string, string][] = [
    [64, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"],
    [60, "2001:db8:1:ff:3:4:5:6", "2001:db8:1:f0::"],
    [128, "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    [128, "1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"],
    [1, "ffff::1", "8000::"],
    [32, "::1", "::"],
    [64, "fe80::1:2:3:4%eth0", "fe80::"],
    [24, "192.0.2.7", "192.0.2.7"],
    [24, "unknown", "unknown"],
  ];
  for (const [ipv6Subnet, ip, expected] of cases) {
    expect(ipOf({ ipv6Subnet }, null, ip)).toBe(expected);
    expect(ipOf({ ipv6Subnet, depth: 1 }, ip)).toBe(expected);
  }
  for (const ipv6Subnet of [0, -1, 129, Number.NaN]) {
    expect(() => ipStrategy({ ipv6Subnet })).toThrow("expected 1 to 128");
  }
});

test("refuses ranges that are none", () => {
  expect(() => ipStrategy({ excludedIPs: ["nonsense"] })).toThrow("nonsense");
});
