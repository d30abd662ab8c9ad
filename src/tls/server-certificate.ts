import { messageOf } from "../core/errors.ts";
import type { KeyPair } from "../net/tls.ts";
import { type Certificate, readCertificate, serverNamesOf } from "./certificate.ts";
import { type PemBlock, pemText, readPemBlocks } from "./pem.ts";
import { checkPrivateKey } from "./private-key.ts";

/** A certificate that a server can show: a chain that is one, with the key that belongs to it. */
export interface ServerCertificate {
  readonly keyPair: KeyPair;
  /** The leaf. */
  readonly certificate: Certificate;
  /** In lower case; the first label may be "*". Sorted, as Traefik compares certificates by them. */
  readonly names: readonly string[];
}

/**
 * Reads a chain with the leaf first, and its key, from PEM; both may be in one text. Throws an Error
 * that says what is wrong, as Go's tls.X509KeyPair does: no certificate, a malformed one, a key that
 * isn't the leaf's. Neither dates nor the chain are checked: that is the client's matter.
 */
export async function readServerCertificate(
  certificate: string,
  privateKey: string,
): Promise<ServerCertificate> {
  const chain = readPemBlocks(certificate).filter(({ label }) => label === "CERTIFICATE");
  if (chain.length === 0) throw new Error("expected a certificate in certFile, found none");
  const leaf = readLeaf(chain[0]);
  const key = readPemBlocks(privateKey).find(({ label }) => /(^| )PRIVATE KEY$/.test(label));
  if (key === undefined) throw new Error("expected a private key in keyFile, found none");
  await checkPrivateKey(key, leaf.publicKey);
  return {
    keyPair: {
      certificate: chain.map(({ bytes }) => pemText("CERTIFICATE", bytes)).join(""),
      privateKey: pemText(key.label, key.bytes),
    },
    certificate: leaf,
    names: serverNamesOf(leaf).sort(),
  };
}

function readLeaf({ bytes }: PemBlock): Certificate {
  try {
    return readCertificate(bytes);
  } catch (error) {
    throw new Error(`the certificate is malformed: ${messageOf(error)}`);
  }
}
