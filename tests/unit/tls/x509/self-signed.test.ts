import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readServerCertificate } from "../../../../src/tls/server-certificate.ts";
import { generateDefaultCertificate } from "../../../../src/tls/x509/self-signed.ts";

const NOW = Date.parse("2026-02-03T04:05:06Z");

test("the default certificate, as other libraries read it", async () => {
  const { certificate, privateKey } = await generateDefaultCertificate(NOW);
  const read = new X509Certificate(certificate);
  expect(read.verify(read.publicKey)).toBe(true);
  expect(read.subject).toBe("CN=TRAEFIK DEFAULT CERT");
  expect(read.issuer).toBe("CN=TRAEFIK DEFAULT CERT");
  expect(read.subjectAltName).toMatch(/^DNS:[0-9a-f]{32}\.[0-9a-f]{32}\.traefik\.default$/);
  expect(Date.parse(read.validFrom)).toBe(NOW);
  expect(Date.parse(read.validTo)).toBe(NOW + 365 * 86_400_000);
  expect(read.ca).toBe(false);
  expect(read.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
  const own = await readServerCertificate(certificate, privateKey);
  expect(own.certificate.notAfter).toBe(NOW + 365 * 86_400_000);
});

test("any two differ in name, serial number and key", async () => {
  const [a, b] = await Promise.all(
    [1, 2].map(async () => new X509Certificate((await generateDefaultCertificate()).certificate)),
  );
  expect(a.subjectAltName).not.toBe(b.subjectAltName);
  expect(a.serialNumber).not.toBe(b.serialNumber);
  expect(a.publicKey.equals(b.publicKey)).toBe(false);
});

test("certificates that end after 2049", async () => {
  const now = Date.parse("2049-06-01T00:00:00Z");
  const read = new X509Certificate((await generateDefaultCertificate(now)).certificate);
  expect(Date.parse(read.validTo)).toBe(now + 365 * 86_400_000);
});
