import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseIp } from "../../../../src/net/address.ts";
import type { Address } from "../../../../src/net/connection.ts";
import { ProxyProtocolParser } from "../../../../src/net/proxy-protocol/proxy-protocol.ts";
import { proxyProtocolHeader } from "../../../../src/net/proxy-protocol/proxy-protocol-header.ts";

const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
const hex = (bytes: Uint8Array) => bytes.toHex();
const SIGNATURE = "0d0a0d0a000d0a515549540a";

const FOUR: Address = { ip: "192.0.2.7", port: 4711 };
const OTHER_FOUR: Address = { ip: "198.51.100.255", port: 80 };
const SIX: Address = { ip: "2001:db8::7", port: 65535 };
const OTHER_SIX: Address = { ip: "::1", port: 443 };

describe("version 1", () => {
  test("is a line with both addresses", () => {
    expect(text(proxyProtocolHeader(1, FOUR, OTHER_FOUR))).toBe(
      "PROXY TCP4 192.0.2.7 198.51.100.255 4711 80\r\n",
    );
    expect(text(proxyProtocolHeader(1, SIX, OTHER_SIX))).toBe(
      "PROXY TCP6 2001:db8::7 ::1 65535 443\r\n",
    );
  });

  test("has one family: an IPv4 address beside an IPv6 one is a mapped one", () => {
    expect(text(proxyProtocolHeader(1, FOUR, OTHER_SIX))).toBe(
      "PROXY TCP6 ::ffff:192.0.2.7 ::1 4711 443\r\n",
    );
    expect(text(proxyProtocolHeader(1, SIX, OTHER_FOUR))).toBe(
      "PROXY TCP6 2001:db8::7 ::ffff:198.51.100.255 65535 80\r\n",
    );
  });

  test("is never longer than the 107 bytes that a receiver must take", () => {
    const longest = { ip: "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", port: 65535 };
    expect(proxyProtocolHeader(1, longest, longest).length).toBeLessThanOrEqual(107);
  });
});

describe("version 2", () => {
  test("has IPv4 addresses in 12 bytes", () => {
    expect(hex(proxyProtocolHeader(2, FOUR, OTHER_FOUR))).toBe(
      `${SIGNATURE}2111000cc0000207c63364ff12670050`,
    );
  });

  test("has IPv6 addresses in 36 bytes", () => {
    expect(hex(proxyProtocolHeader(2, SIX, OTHER_SIX))).toBe(
      `${SIGNATURE}21210024` +
        "20010db8000000000000000000000007" +
        "00000000000000000000000000000001" +
        "ffff01bb",
    );
  });

  test("has one family: an IPv4 address beside an IPv6 one is a mapped one", () => {
    expect(hex(proxyProtocolHeader(2, FOUR, OTHER_SIX))).toBe(
      `${SIGNATURE}21210024` +
        "00000000000000000000ffffc0000207" +
        "00000000000000000000000000000001" +
        "126701bb",
    );
  });
});

test("whatever the addresses, a receiver reads them as they are", () => {
  const byte = fc.nat(255);
  const ip = fc.oneof(
    fc.tuple(byte, byte, byte, byte).map((octets) => octets.join(".")),
    fc
      .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
      .map((words) => parseIp(words.map((word) => word.toString(16)).join(":"))!),
  );
  const address = fc.record({ ip, port: fc.nat(65535) });
  fc.assert(
    fc.property(fc.constantFrom(1, 2), address, address, (version, source, destination) => {
      const header = proxyProtocolHeader(version as 1 | 2, source, destination);
      const more = new Uint8Array(header.length + 3);
      more.set(header);
      expect(new ProxyProtocolParser().parse(more)).toEqual({
        done: true,
        consumed: header.length,
        source,
        destination,
      });
    }),
  );
});
