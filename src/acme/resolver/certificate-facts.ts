import { issuerCommonName, readCertificate } from "../../tls/certificate.ts";
import { readPemBlocks } from "../../tls/pem.ts";
import { pkcs8Of } from "../../tls/private-key.ts";
import { renewalIdentifier } from "../protocol/renewal-info.ts";
import type { StoredCertificate } from "../storage/stored.ts";
import { Key } from "../x509/key.ts";

/** What a stored certificate says of itself. */
export interface CertificateFacts {
  /** Its names, as it has them: the common name first where it is one of them. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly issuer: string;
  readonly serial: string;
  /** What RFC 9773 calls it; undefined where it has no such name. */
  readonly renewalIdentifier: string | undefined;
}

/** Throws an Error where the certificate can't be read. */
export function factsOf({ certificate }: Pick<StoredCertificate, "certificate">): CertificateFacts {
  const leaf = leafOf(certificate);
  const { commonName, dnsNames, ipAddresses, notBefore, notAfter, serial } = readCertificate(leaf);
  const names = [...dnsNames, ...ipAddresses].map((name) => name.toLowerCase());
  const first = names.includes(commonName.toLowerCase()) ? [commonName.toLowerCase()] : [];
  return {
    names: [...new Set([...first, ...names])],
    notBefore,
    notAfter,
    serial,
    issuer: issuerCommonName(leaf),
    renewalIdentifier: renewalIdentifier(leaf),
  };
}

/** The key of a stored certificate. Rejects where it can't be read, or is of an unusual kind. */
export async function keyOf({ certificate, key }: StoredCertificate): Promise<Key> {
  const block = readPemBlocks(key).find(({ label }) => /(^| )PRIVATE KEY$/.test(label));
  if (block === undefined) throw new Error("expected a private key in PEM, found none");
  return Key.read(pkcs8Of(block, readCertificate(leafOf(certificate)).publicKey));
}

function leafOf(chain: string): Uint8Array {
  const leaf = readPemBlocks(chain).find(({ label }) => label === "CERTIFICATE");
  if (leaf === undefined) throw new Error("expected a certificate in PEM, found none");
  return leaf.bytes;
}
