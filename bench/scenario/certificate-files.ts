import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeCertificate } from "../../tests/support/certificates.ts";
import { HOST } from "./scenario.ts";

/** The certificate for HOST that all proxies of a row serve: ECDSA with P-256, signed by itself. */
export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
  /** Both in one file, as HAProxy reads them. */
  readonly both: string;
}

/** What every TLS handshake of the bench must agree on. Servers are held to it where they can be. */
export const TLS = {
  version: "TLSv1.3",
  cipher: "TLS_AES_128_GCM_SHA256",
  curve: "X25519",
} as const;

export function writeCertificate(directory: string): CertificateFiles {
  mkdirSync(directory, { recursive: true });
  const { certificate, key } = makeCertificate({ name: HOST, names: [`DNS:${HOST}`] });
  const write = (name: string, text: string): string => {
    const file = join(directory, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  return {
    certificate: write("certificate.pem", certificate),
    key: write("key.pem", key),
    both: write("both.pem", certificate + key),
  };
}
