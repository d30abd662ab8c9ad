import { describe, expect, test } from "bun:test";
import { CertificateStore } from "../../../src/tls/certificate-store.ts";
import type { ServerCertificate } from "../../../src/tls/server-certificate.ts";

/** A certificate for names; its chain says which one it is. */
function certificateFor(id: string, ...names: string[]): ServerCertificate {
  return {
    keyPair: { certificate: id, privateKey: "" },
    certificate: {
      version: 3,
      commonName: "",
      serial: "1",
      dnsNames: names,
      emailAddresses: [],
      ipAddresses: [],
      uris: [],
      extendedKeyUsages: undefined,
      mustStaple: false,
      notBefore: 0,
      notAfter: 0,
      publicKey: new Uint8Array(0),
    },
    names: names.sort(),
  };
}

function finder(...certificates: ServerCertificate[]) {
  const store = new CertificateStore(certificates);
  return (name: string) => store.find(name)?.keyPair.certificate;
}

describe("which certificate is found", () => {
  const find = finder(
    certificateFor("wildcard", "*.example.com"),
    certificateFor("exact", "www.example.com", "example.com"),
    certificateFor("address", "192.0.2.1", "2001:db8::1"),
  );

  test.each([
    ["www.example.com", "exact"],
    ["example.com", "exact"],
    ["api.example.com", "wildcard"],
    ["192.0.2.1", "address"],
    ["2001:db8::1", "address"],
    ["a.b.example.com", undefined],
    ["com", undefined],
    ["", undefined],
    ["*.example.com", "wildcard"],
    [".example.com", "wildcard"],
    ["example.org", undefined],
  ])("%s", (name, expected) => {
    expect(find(name)).toBe(expected);
  });
});

test("the exact name wins, wherever the wildcard's certificate stands", () => {
  const wildcard = certificateFor("wildcard", "*.a.test", "z.test");
  const exact = certificateFor("exact", "b.a.test");
  for (const find of [finder(wildcard, exact), finder(exact, wildcard)]) {
    expect(find("b.a.test")).toBe("exact");
    expect(find("c.a.test")).toBe("wildcard");
    expect(find("z.test")).toBe("wildcard");
  }
});

test("of two certificates for the same names the first is kept", () => {
  const find = finder(
    certificateFor("rsa", "a.test", "b.test"),
    certificateFor("ecdsa", "b.test", "a.test"),
  );
  expect(find("a.test")).toBe("rsa");
});

test("of two lists with a name in common the one that sorts last has it", () => {
  const one = certificateFor("one", "a.test", "m.test");
  const other = certificateFor("other", "b.test", "m.test");
  for (const find of [finder(one, other), finder(other, one)]) {
    expect(find("m.test")).toBe("other");
    expect(find("a.test")).toBe("one");
  }
});

test("a wildcard stands for one whole label", () => {
  const find = finder(certificateFor("odd", "*", "w*.a.test", "*a.test"));
  for (const name of ["a", "w1.a.test", "xa.test", "x.a.test"]) expect(find(name)).toBeUndefined();
});

test("each certificate is listed once", () => {
  const one = certificateFor("one", "a.test", "b.test");
  expect(new CertificateStore([one, one]).certificates).toEqual([one]);
  expect(new CertificateStore([]).certificates).toEqual([]);
});
