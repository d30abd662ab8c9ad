import { plain } from "../plain-bytes.ts";

/** An RSA key by way of node:crypto, in the platform's own threads: Bun's WebCrypto would make it in this one. */
export async function rsaKey(bits: number): Promise<Uint8Array> {
  const { generateKeyPair } = await import("node:crypto");
  return new Promise((resolve, reject) => {
    generateKeyPair(
      "rsa",
      {
        modulusLength: bits,
        publicKeyEncoding: { type: "spki", format: "der" },
        privateKeyEncoding: { type: "pkcs8", format: "der" },
      },
      (error, _, privateKey) => (error === null ? resolve(plain(privateKey)) : reject(error)),
    );
  });
}
