import { messageOf } from "../core/errors.ts";
import type { KeyPair } from "../net/tls.ts";
import type { ReadPem } from "../tls/pem-reader.ts";
import { readServerCertificate } from "../tls/server-certificate.ts";
import { checkAuthorities } from "../tls/tls-options.ts";

/** The CAs that a transport trusts, as PEM texts; undefined for the system's. Rejects where one can't be read. */
export async function readAuthorities(
  readPem: ReadPem,
  paths: readonly string[] = [],
): Promise<string[] | undefined> {
  if (paths.length === 0) return undefined;
  const texts: string[] = [];
  for (const [i, path] of paths.entries()) {
    try {
      const text = await readPem(path);
      checkAuthorities(text);
      texts.push(text);
    } catch (error) {
      throw new Error(`rootCAs[${i}]: ${messageOf(error)}`);
    }
  }
  return texts;
}

/** What a transport shows to servers that ask for a client certificate. Rejects where it can't be read. */
export async function readKeyPair(
  readPem: ReadPem,
  certificates: readonly { readonly certFile: string; readonly keyFile: string }[] = [],
): Promise<KeyPair | undefined> {
  if (certificates.length === 0) return undefined;
  if (certificates.length > 1)
    throw new Error(`certificates: expected one, found ${certificates.length}`);
  const { certFile, keyFile } = certificates[0];
  try {
    const chain = await readPem(certFile);
    const key = await readPem(keyFile);
    return (await readServerCertificate(chain, key)).keyPair;
  } catch (error) {
    throw new Error(`certificates[0]: ${messageOf(error)}`);
  }
}
