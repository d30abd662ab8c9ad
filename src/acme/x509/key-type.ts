/** Kinds of keys by Traefik's names for them. */
export type KeyType = "EC256" | "EC384" | "RSA2048" | "RSA4096" | "RSA8192";

export interface KeyTypeFacts {
  /** Of an RSA key's modulus. */
  readonly bits?: number;
  /** For WebCrypto, to read such a key. */
  readonly import: RsaHashedImportParams | EcKeyImportParams;
  /** For WebCrypto, to sign with one. */
  readonly sign: AlgorithmIdentifier | EcdsaParams;
  /** The algorithm's name in a JWS (RFC 7518 section 3.1). */
  readonly jws: "ES256" | "ES384" | "RS256";
  /** The signature's algorithm in certificates: its object identifier. */
  readonly signature: string;
}

const elliptic = (bits: 256 | 384, signature: string): KeyTypeFacts => ({
  import: { name: "ECDSA", namedCurve: `P-${bits}` },
  sign: { name: "ECDSA", hash: `SHA-${bits}` },
  jws: bits === 256 ? "ES256" : "ES384",
  signature,
});

const rsa = (bits: number): KeyTypeFacts => ({
  bits,
  import: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  sign: { name: "RSASSA-PKCS1-v1_5" },
  jws: "RS256",
  signature: "1.2.840.113549.1.1.11",
});

export const KEY_TYPES: Readonly<Record<KeyType, KeyTypeFacts>> = {
  EC256: elliptic(256, "1.2.840.10045.4.3.2"),
  EC384: elliptic(384, "1.2.840.10045.4.3.3"),
  RSA2048: rsa(2048),
  RSA4096: rsa(4096),
  RSA8192: rsa(8192),
};
