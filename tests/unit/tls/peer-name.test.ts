import { describe, expect, test } from "bun:test";
import type { Certificate } from "../../../src/tls/certificate.ts";
import { isForHost } from "../../../src/tls/peer-name.ts";

const certificate = (names: Partial<Certificate>): Certificate => ({
  version: 3,
  commonName: "common.test",
  serial: "1",
  dnsNames: [],
  emailAddresses: [],
  ipAddresses: [],
  uris: [],
  extendedKeyUsages: undefined,
  mustStaple: false,
  notBefore: 0,
  notAfter: 0,
  publicKey: new Uint8Array(),
  ...names,
});

describe("isForHost", () => {
  const named = (...dnsNames: string[]) => certificate({ dnsNames });

  test.each([
    ["a.test", "a.test", true],
    ["A.Test", "a.tEST", true],
    ["a.test.", "a.test", true],
    ["a.test", "a.test.", true],
    ["b.test", "a.test", false],
    ["a.test", "x.a.test", false],
    ["*.a.test", "x.a.test", true],
    ["*.a.test", "a.test", false],
    ["*.a.test", "x.y.a.test", false],
    ["*.a.test", ".a.test", false],
    // Wildcards that are no whole label, or not the first one, are letters that no host has.
    ["x*.a.test", "xy.a.test", false],
    ["a.*.test", "a.b.test", false],
    ["*", "test", false],
    ["*.", "test.", false],
    ["*.a.test", "*.a.test", false],
    ["a.test\0.evil.test", "a.test", false],
    ["127.0.0.1", "127.0.0.1", false],
    ["", "", false],
    ["", ".", false],
  ])("a certificate for %p, asked for %p: %p", (pattern, host, expected) => {
    expect(isForHost(named(pattern), host)).toBe(expected);
  });

  test("any of the names will do, the common name never", () => {
    expect(isForHost(named("a.test", "*.b.test"), "x.b.test")).toBe(true);
    expect(isForHost(named(), "common.test")).toBe(false);
  });

  test("addresses are compared with addresses, in canonical form", () => {
    const addressed = certificate({
      dnsNames: ["*.0.0.1"],
      ipAddresses: ["192.0.2.1", "2001:db8::1"],
    });
    expect(isForHost(addressed, "192.0.2.1")).toBe(true);
    expect(isForHost(addressed, "192.0.2.2")).toBe(false);
    expect(isForHost(addressed, "127.0.0.1")).toBe(false);
    expect(isForHost(addressed, "2001:DB8:0::1")).toBe(true);
    expect(isForHost(addressed, "2001:db8::2")).toBe(false);
  });
});
