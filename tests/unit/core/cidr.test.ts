import { describe, expect, test } from "bun:test";
import { isIP } from "node:net";
import fc from "fast-check";
import { CidrSet, parseIpv4, parseIpv6 } from "../../../src/core/cidr.ts";

describe("CidrSet", () => {
  const cases: [range: string, inside: string[], outside: string[]][] = [
    [
      "10.0.0.0/8",
      ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"],
      ["11.0.0.0", "9.255.255.255"],
    ],
    ["10.1.2.3/8", ["10.9.9.9"], ["11.1.2.3"]],
    ["192.0.2.1", ["192.0.2.1", "::ffff:c000:201"], ["192.0.2.2", "::1"]],
    ["200.0.0.0/6", ["203.255.0.1", "200.0.0.0"], ["204.0.0.0", "72.0.0.1"]],
    ["0.0.0.0/0", ["1.2.3.4", "255.255.255.255"], ["::1", "2001:db8::1"]],
    ["::/0", ["::1", "ffff::"], ["1.2.3.4", "::ffff:1.2.3.4"]],
    ["2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::1", "2001:db9::"]],
    ["fe80::1", ["fe80::1", "fe80::1%eth0", "FE80:0:0:0:0:0:0:1"], ["fe80::2"]],
    ["::ffff:10.0.0.0/104", ["10.200.0.1", "::ffff:10.0.0.1"], ["11.0.0.1"]],
    ["::ffff:192.0.2.7", ["192.0.2.7"], ["192.0.2.8"]],
    ["fd00::/127", ["fd00::", "fd00::1"], ["fd00::2"]],
  ];
  for (const [range, inside, outside] of cases) {
    test(range, () => {
      const set = CidrSet.parse([range]);
      for (const ip of inside) expect([ip, set.contains(ip)]).toEqual([ip, true]);
      for (const ip of outside) expect([ip, set.contains(ip)]).toEqual([ip, false]);
      // Again, now that the set remembers the last one.
      for (const ip of inside) expect(set.contains(ip) && set.contains(ip)).toBe(true);
    });
  }

  test("several ranges, text that is no address, the empty set", () => {
    const set = CidrSet.parse(["10.0.0.0/8", "2001:db8::/32", "127.0.0.1"]);
    expect(["10.2.3.4", "2001:db8::9", "127.0.0.1"].map((ip) => set.contains(ip))).toEqual([
      true,
      true,
      true,
    ]);
    for (const ip of [
      "",
      "localhost",
      "10.0.0",
      "10.0.0.0.1",
      "[::1]",
      "10.0.0.1:80",
      "10.0.0.1/8",
    ]) {
      expect([ip, set.contains(ip)]).toEqual([ip, false]);
    }
    expect(CidrSet.parse([]).contains("127.0.0.1")).toBe(false);
  });

  for (const bad of [
    "",
    "foobar",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/08",
    "010.0.0.1",
    "::/129",
    "1::2::3",
    "fe80::1%eth0",
    "10.0.0.0/8/8",
    "1.2.3",
    ":1",
    "1:2:3:4:5:6:7",
    "::1.2.3.4.5",
    " 10.0.0.1",
  ]) {
    test(`refuses ${JSON.stringify(bad)} by name`, () => {
      expect(() => CidrSet.parse(["10.0.0.0/8", bad])).toThrow(JSON.stringify(bad));
    });
  }

  test("agrees with the platform on what is an address", () => {
    const words = new Uint32Array(4);
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.string({ unit: fc.constantFrom(..."0123456789abcfF:.".split("")), maxLength: 24 }),
      fc
        .array(fc.constantFrom("::", ":", "1", "ffff", "0", "12345", "1.2.3.4", "1.2"), {
          maxLength: 10,
        })
        .map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (ip) => {
        expect([ip, parseIpv4(ip) >= 0]).toEqual([ip, isIP(ip) === 4]);
        expect([ip, parseIpv6(ip, words)]).toEqual([ip, isIP(ip) === 6]);
      }),
      { numRuns: 2000 },
    );
  });

  test("a range holds exactly the addresses that share its first bits", () => {
    const address = fc.bigInt(0n, (1n << 128n) - 1n);
    const text = (n: bigint) =>
      Array.from({ length: 8 }, (_, i) =>
        ((n >> BigInt(112 - i * 16)) & 0xffffn).toString(16),
      ).join(":");
    fc.assert(
      fc.property(
        address,
        fc.integer({ min: 0, max: 128 }),
        fc.integer({ min: 0, max: 127 }),
        (network, bits, flip) => {
          const set = CidrSet.parse([`${text(network)}/${bits}`]);
          fc.pre(network >> 32n !== 0xffffn);
          expect(set.contains(text(network))).toBe(true);
          const other = network ^ (1n << BigInt(127 - flip));
          fc.pre(other >> 32n !== 0xffffn);
          expect(set.contains(text(other))).toBe(flip >= bits);
        },
      ),
    );
  });
});
