import { readPemBlocks } from "../../../tls/pem.ts";
import { Key } from "../../x509/key.ts";

/**
 * The private key of a PEM text. `where` is where that came from, for the Error that a text without one
 * is answered with: it never shows what was found.
 */
export async function pemKey(text: string, where: string): Promise<Key> {
  try {
    for (const { label, bytes } of readPemBlocks(text)) {
      if (label === "PRIVATE KEY") return await Key.read(bytes);
      if (label === "RSA PRIVATE KEY") return await Key.readRsa(bytes);
    }
  } catch {
    throw new Error(
      `${where}: expected a private key without a password, found one that can't be read`,
    );
  }
  throw new Error(`${where}: expected a private key in PEM, found none`);
}
