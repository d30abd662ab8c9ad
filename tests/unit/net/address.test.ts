import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  canonicalIp,
  formatAddress,
  ipv4Text,
  ipv6Text,
  parseIp,
} from "../../../src/net/address.ts";

describe("parseIp", () => {
  // RFC 5952 section 4, and IPv4 in IPv6.
  const cases: [text: string, canonical: string | undefined][] = [
    ["192.0.2.1", "192.0.2.1"],
    ["2001:0db8::0001", "2001:db8::1"],
    ["2001:db8:0:0:0:0:2:1", "2001:db8::2:1"],
    ["2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:DB8::ABCD", "2001:db8::abcd"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["::FFFF:c000:0201", "192.0.2.1"],
    ["::192.0.2.1", "::c000:201"],
    ["", undefined],
    ["192.0.2", undefined],
    ["192.0.2.01", undefined],
    [":", undefined],
    ["1:2:3:4:5:6:7", undefined],
    ["::1::", undefined],
    ["fe80::1%lo", undefined],
    ["[::1]", undefined],
    ["localhost", undefined],
  ];
  for (const [text, canonical] of cases) {
    test(`${JSON.stringify(text)} is ${canonical}`, () => expect(parseIp(text)).toBe(canonical));
  }

  test("a canonical address is itself, and the platform reads the same in it", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        const ip = parseIp(text);
        expect(ip).toBeString();
        expect(parseIp(ip!)).toBe(ip!);
        // The URL standard's serialisation is the same, except for IPv4 in IPv6.
        if (!text.includes(".") && !ip!.includes(".")) {
          expect(new URL(`http://[${text}]/`).hostname).toBe(`[${ip}]`);
        }
      }),
      { numRuns: 500 },
    );
  });
});

test("canonicalIp of what the system says", () => {
  expect(canonicalIp("127.0.0.1")).toBe("127.0.0.1");
  expect(canonicalIp("::ffff:127.0.0.1")).toBe("127.0.0.1");
  expect(canonicalIp("::1")).toBe("::1");
  expect(canonicalIp("[::1]")).toBe("::1");
  expect(canonicalIp("fe80::1%eth0")).toBe("fe80::1");
});

test("addresses in bytes", () => {
  const bytes = Uint8Array.of(9, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
  expect(ipv6Text(bytes, 1)).toBe("2001:db8::1");
  expect(ipv4Text(bytes, 0)).toBe("9.32.1.13");
});

test("formatAddress brackets IPv6", () => {
  expect(formatAddress({ ip: "192.0.2.1", port: 80 })).toBe("192.0.2.1:80");
  expect(formatAddress({ ip: "::1", port: 80 })).toBe("[::1]:80");
});
