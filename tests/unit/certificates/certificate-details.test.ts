import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readCertificateDetails } from "../../../src/certificates/certificate-details.ts";
import { readPemBlocks } from "../../../src/tls/pem.ts";
import { makeCertificate } from "../../support/certificates.ts";

function details(pem: string) {
  return readCertificateDetails(readPemBlocks(pem)[0].bytes);
}

test("a certificate's key, signature and names are read", () => {
  const ca = makeCertificate({ name: "ca", ca: true, rsa: true });
  expect(details(ca.certificate)).toEqual({
    subject: { commonName: "ca", organization: "", country: "" },
    issuer: { commonName: "ca", organization: "", country: "" },
    signatureAlgorithm: "SHA256-RSA",
    keyType: "RSA",
    keySize: 2048,
  });
  const leaf = makeCertificate({ name: "leaf", issuer: ca });
  expect(details(leaf.certificate)).toMatchObject({
    subject: { commonName: "leaf" },
    issuer: { commonName: "ca" },
    signatureAlgorithm: "SHA256-RSA",
    keyType: "ECDSA",
    keySize: 256,
  });
});

test.each([
  ["-newkey ed25519", "", { signatureAlgorithm: "Ed25519", keyType: "Unknown", keySize: 0 }],
  [
    "-newkey ec -pkeyopt ec_paramgen_curve:P-384",
    "-sha384",
    { signatureAlgorithm: "ECDSA-SHA384", keyType: "ECDSA", keySize: 384 },
  ],
  [
    "-newkey rsa:3072 -sigopt rsa_padding_mode:pss",
    "-sha512",
    { signatureAlgorithm: "SHA512-RSAPSS", keyType: "RSA", keySize: 3072 },
  ],
])("%s", (key, digest, expected) => {
  const args = `req -x509 -nodes ${key} ${digest} -keyout /dev/null -subj /C=DE/O=Office/O=Other/CN=x`;
  const { stdout } = Bun.spawnSync(["openssl", ...args.split(" ").filter((arg) => arg !== "")]);
  const pem = stdout.toString();
  expect(new X509Certificate(pem).subject).toContain("O=Office");
  expect(details(pem)).toMatchObject({
    ...expected,
    subject: { commonName: "x", organization: "Office", country: "DE" },
  });
});
