import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readCertificate } from "../../../src/tls/certificate.ts";
import { pemText, readPemBlocks } from "../../../src/tls/pem.ts";
import { readServerCertificate } from "../../../src/tls/server-certificate.ts";
import { fixture } from "./fixture.ts";

const load = (certificate: string, key: string) =>
  readServerCertificate(fixture(certificate), fixture(key));

describe("certificates with their keys", () => {
  test("RSA, with its chain, the key in PKCS #1", async () => {
    const { certificate, names, keyPair } = await load("rsa-chain.pem", "rsa.key");
    expect(certificate).toMatchObject({
      commonName: "rsa.test",
      serial: "65281",
      dnsNames: ["rsa.test", "*.rsa.test"],
      emailAddresses: [],
      ipAddresses: [],
    });
    expect(names).toEqual(["*.rsa.test", "rsa.test"]);
    expect(readPemBlocks(keyPair.certificate)).toHaveLength(2);
    expect(keyPair.certificate).toBe(fixture("rsa-chain.pem"));
    expect(keyPair.privateKey).toBe(fixture("rsa.key"));
  });

  test("the same key in PKCS #8", async () => {
    const { keyPair } = await load("rsa-chain.pem", "rsa-pkcs8.key");
    expect(keyPair.privateKey).toBe(fixture("rsa-pkcs8.key"));
  });

  test("P-256 behind its parameters, a common name alone", async () => {
    const { certificate, names, keyPair } = await load("ec.pem", "ec.key");
    expect(names).toEqual(["only-a-name.test"]);
    expect(certificate.notAfter - certificate.notBefore).toBe(3650 * 86_400_000);
    expect(readPemBlocks(keyPair.privateKey).map(({ label }) => label)).toEqual(["EC PRIVATE KEY"]);
  });

  test("P-384, with addresses, a critical extension and a negative serial number", async () => {
    const { certificate, names } = await load("p384.pem", "p384.key");
    expect(certificate).toMatchObject({
      commonName: "Addresses",
      serial: "-7",
      dnsNames: ["Upper.TEST"],
      ipAddresses: ["127.0.0.1", "2001:db8::1"],
    });
    expect(names).toEqual(["127.0.0.1", "2001:db8::1", "addresses", "upper.test"]);
    // Beyond 2050 times have four digits for the year.
    expect(certificate.notAfter - certificate.notBefore).toBe(36500 * 86_400_000);
  });

  test("P-521, without a common name", async () => {
    expect((await load("p521.pem", "p521.key")).names).toEqual(["p521.test"]);
  });

  test("Ed25519, both in one text", async () => {
    const { certificate, names } = await load("ed25519-both.pem", "ed25519-both.pem");
    expect(certificate.commonName).toBe("Bücher");
    expect(names).toEqual(["bücher", "ed25519.test"]);
  });

  test("a curve that WebCrypto doesn't know is the TLS library's matter", async () => {
    expect((await load("k256.pem", "k256.key")).names).toEqual(["k256.test"]);
  });
});

describe("what doesn't go together", () => {
  test.each([
    ["ec.pem", "ec-other.key", "the private key does not belong to the certificate"],
    ["rsa-chain.pem", "ec-other.key", "the private key is of another kind than the certificate's"],
    ["ec.pem", "rsa.key", "the private key is of another kind than the certificate's"],
    ["ed25519.pem", "p384.key", "the private key is of another kind than the certificate's"],
    ["ec.pem", "p384.key", /the private key (is malformed|does not belong)/],
    ["rsa-chain.pem", "rsa-encrypted.key", "is encrypted: expected one without a password"],
    ["rsa-chain.pem", "rsa-encrypted-pkcs8.key", "is encrypted: expected one without a password"],
    ["rsa.key", "rsa.key", "expected a certificate in certFile, found none"],
    ["ec.pem", "ec.pem", "expected a private key in keyFile, found none"],
  ])("%s with %s", async (certificate, key, message) => {
    await expect(load(certificate, key)).rejects.toThrow(message);
  });

  test("a key of an unknown kind, and one that is damaged", async () => {
    const bytes = new Uint8Array(20).fill(0x30);
    const dsa = pemText("DSA PRIVATE KEY", bytes);
    await expect(readServerCertificate(fixture("ec.pem"), dsa)).rejects.toThrow("DSA PRIVATE KEY");
    const damaged = pemText("PRIVATE KEY", bytes);
    await expect(readServerCertificate(fixture("ec.pem"), damaged)).rejects.toThrow("malformed");
  });

  test("a certificate that is damaged", async () => {
    const [{ bytes }] = readPemBlocks(fixture("ec.pem"));
    const cut = pemText("CERTIFICATE", bytes.subarray(0, 100));
    await expect(readServerCertificate(cut, fixture("ec.key"))).rejects.toThrow(
      "the certificate is malformed: malformed DER: a value beyond the end",
    );
  });

  test("errors show nothing of the key", async () => {
    const key = fixture("ec-other.key");
    const error = await readServerCertificate(fixture("ec.pem"), key).catch((e: Error) => e);
    expect(String(error)).not.toContain(key.split("\n")[1].slice(0, 10));
  });
});

test("a damaged certificate is read or is an Error of ours, and never anything else", () => {
  const certificates = ["rsa-chain.pem", "ec.pem", "p384.pem"].map(
    (name) => readPemBlocks(fixture(name))[0].bytes,
  );
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(fc.constantFrom(...certificates), damage, (bytes, spots) => {
      const damaged = bytes.slice();
      for (const [offset, value] of spots) damaged[offset % damaged.length] = value;
      try {
        readCertificate(damaged);
      } catch (error) {
        expect((error as Error).name).toBe("Error");
      }
    }),
    { numRuns: 3000 },
  );
});

describe("PEM", () => {
  test("comments, CRLF and several blocks", () => {
    const text = `Bag Attributes\r\n${fixture("ca.pem").replaceAll("\n", "\r\n")}more\n${fixture("ec.key")}`;
    expect(readPemBlocks(text).map(({ label }) => label)).toEqual([
      "CERTIFICATE",
      "EC PARAMETERS",
      "EC PRIVATE KEY",
    ]);
    expect(readPemBlocks("nothing")).toEqual([]);
  });

  test.each([
    ["-----BEGIN CERTIFICATE-----\nAAAA\n", '"CERTIFICATE" has no end'],
    ["-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----", '"CERTIFICATE" is not base64'],
    ["-----BEGIN \n-----", "a block without a label"],
    ["-----BEGIN CERTIFICATE", "a block without a label"],
  ])("%j", (text, message) => {
    expect(() => readPemBlocks(text)).toThrow(`malformed PEM: ${message}`);
  });
});
