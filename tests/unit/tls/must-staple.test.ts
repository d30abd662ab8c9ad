import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readCertificate } from "../../../src/tls/certificate.ts";
import { readPemBlocks } from "../../../src/tls/pem.ts";
import { TlsManager } from "../../../src/tls/tls-manager.ts";

/** A certificate with a TLS feature extension, or another one, as openssl writes it. */
function certificateWith(extension: string): { certFile: string; keyFile: string } {
  const directory = mkdtempSync(join(tmpdir(), "sluice-staple-"));
  try {
    const [key, certificate] = [join(directory, "key"), join(directory, "certificate")];
    const { exitCode } = Bun.spawnSync([
      ...["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt"],
      ...["ec_paramgen_curve:P-256", "-subj", "/CN=a.test", "-days", "2"],
      ...["-addext", extension, "-keyout", key, "-out", certificate],
    ]);
    expect(exitCode).toBe(0);
    return { certFile: readFileSync(certificate, "utf8"), keyFile: readFileSync(key, "utf8") };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test.each([
  ["tlsfeature=status_request", true],
  ["tlsfeature=status_request_v2", false],
  ["tlsfeature=status_request_v2,status_request", true],
  ["subjectAltName=DNS:a.test", false],
])("%s", async (extension, expected) => {
  const files = certificateWith(extension);
  const [{ bytes }] = readPemBlocks(files.certFile);
  expect(readCertificate(bytes).mustStaple).toBe(expected);
  const runtime = { serverTls: () => ({}) as never };
  const readPem = async (text: string) => text;
  const { errors } = await TlsManager.create({ certificates: [files] }, { runtime, readPem });
  expect(errors.map(({ warning, message }) => [warning, message])).toEqual(
    expected ? [[true, expect.stringContaining("must-staple")]] : [],
  );
});
