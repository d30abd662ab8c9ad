const NONCE_BYTES = 12;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What a text is sealed for: one that is sealed for something else doesn't open. */
export type Purpose = "session" | "login";

/**
 * Seals data so that only a holder of the secret can read or make it: AES-256-GCM (NIST SP 800-38D) with random
 * nonces, under a key that HKDF (RFC 5869) makes of the secret. `owner` is authenticated with it.
 */
export class SealedBox {
  private readonly key: Promise<CryptoKey>;
  private readonly owner: string;

  constructor(secret: Uint8Array, owner: string) {
    this.owner = owner;
    this.key = keyOf(secret);
  }

  /** base64url of nonce, ciphertext and tag. */
  async seal(purpose: Purpose, data: unknown): Promise<string> {
    const iv = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
    const plain = encoder.encode(JSON.stringify(data));
    const sealed = await crypto.subtle.encrypt(this.algorithm(purpose, iv), await this.key, plain);
    const all = new Uint8Array(NONCE_BYTES + sealed.byteLength);
    all.set(iv);
    all.set(new Uint8Array(sealed), NONCE_BYTES);
    return all.toBase64({ alphabet: "base64url", omitPadding: true });
  }

  /** Null where it wasn't sealed here, for this purpose, or was changed. */
  async open(purpose: Purpose, text: string): Promise<unknown> {
    try {
      const all = Uint8Array.fromBase64(text, { alphabet: "base64url" });
      const algorithm = this.algorithm(purpose, all.slice(0, NONCE_BYTES));
      const key = await this.key;
      const plain = await crypto.subtle.decrypt(algorithm, key, all.slice(NONCE_BYTES));
      return JSON.parse(decoder.decode(plain));
    } catch {
      return null;
    }
  }

  private algorithm(purpose: Purpose, iv: Uint8Array<ArrayBuffer>): AesGcmParams {
    return { name: "AES-GCM", iv, additionalData: encoder.encode(`${purpose}\n${this.owner}`) };
  }
}

async function keyOf(secret: Uint8Array): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", secret.slice(), "HKDF", false, [
    "deriveKey",
  ]);
  const info = encoder.encode("sluice oidc cookies 1");
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}
