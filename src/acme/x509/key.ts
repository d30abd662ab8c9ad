import type { Runtime } from "../../net/runtime.ts";
import {
  der,
  derInteger,
  derObjectIdentifier,
  elementsOf,
  expectTag,
  OCTET_STRING,
  readDer,
  readInteger,
  readObjectIdentifier,
  SEQUENCE,
} from "../../tls/der.ts";
import { sha256 } from "./base64url.ts";
import { KEY_TYPES, type KeyType } from "./key-type.ts";

const RSA = "1.2.840.113549.1.1.1";
const NULL = der(0x05);

/** A pair of keys, of an account or a certificate. */
export class Key {
  readonly type: KeyType;
  /** The private key in PKCS #8. */
  readonly pkcs8: Uint8Array;
  /** The public key as a SubjectPublicKeyInfo in DER. */
  readonly publicKey: Uint8Array;
  /** The public key as a JSON Web Key, its members in the order of RFC 7638. */
  readonly jwk: JsonWebKey;
  private readonly signing: CryptoKey;

  private constructor(
    type: KeyType,
    pkcs8: Uint8Array,
    publicKey: Uint8Array,
    signing: CryptoKey,
    jwk: JsonWebKey,
  ) {
    this.type = type;
    this.jwk = jwk;
    this.pkcs8 = pkcs8;
    this.publicKey = publicKey;
    this.signing = signing;
  }

  /** A new one. */
  static async generate(type: KeyType, { rsaKey }: Pick<Runtime, "rsaKey">): Promise<Key> {
    const { import: algorithm, bits } = KEY_TYPES[type];
    if (bits !== undefined) return Key.read(await rsaKey(bits));
    const pair = (await crypto.subtle.generateKey(algorithm, true, [
      "sign",
      "verify",
    ])) as CryptoKeyPair;
    const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
    return Key.from(type, pkcs8, pair.privateKey);
  }

  /** Reads one in PKCS #8. Rejects where it is of a kind that isn't among `KEY_TYPES`, or malformed. */
  static async read(pkcs8: Uint8Array): Promise<Key> {
    const type = typeOf(pkcs8);
    const { import: algorithm } = KEY_TYPES[type];
    const plain = Uint8Array.from(pkcs8);
    return Key.from(
      type,
      pkcs8,
      await crypto.subtle.importKey("pkcs8", plain, algorithm, true, ["sign"]),
    );
  }

  /** Reads an RSA key in PKCS #1, as Traefik stores those of accounts. */
  static async readRsa(pkcs1: Uint8Array): Promise<Key> {
    const algorithm = der(SEQUENCE, derObjectIdentifier(RSA), NULL);
    const version = derInteger(Uint8Array.of(0));
    return Key.read(der(SEQUENCE, version, algorithm, der(OCTET_STRING, pkcs1)));
  }

  /** An RSA key in PKCS #1 (RFC 8017 appendix A.1.2). */
  get pkcs1(): Uint8Array {
    return innerKey(this.pkcs8);
  }

  /** As WebCrypto gives it: of elliptic curves the two numbers one behind the other. */
  async sign(bytes: Uint8Array): Promise<Uint8Array> {
    const { sign } = KEY_TYPES[this.type];
    return new Uint8Array(await crypto.subtle.sign(sign, this.signing, Uint8Array.from(bytes)));
  }

  /** RFC 7638, with SHA-256. */
  thumbprint(): Promise<string> {
    return sha256(JSON.stringify(this.jwk));
  }

  private static async from(type: KeyType, pkcs8: Uint8Array, signing: CryptoKey): Promise<Key> {
    const { kty, crv, n, e, x, y } = await crypto.subtle.exportKey("jwk", signing);
    const jwk: JsonWebKey = kty === "RSA" ? { e, kty, n } : { crv, kty, x, y };
    const open = await crypto.subtle.importKey("jwk", jwk, KEY_TYPES[type].import, true, [
      "verify",
    ]);
    const publicKey = new Uint8Array(await crypto.subtle.exportKey("spki", open));
    return new Key(type, pkcs8, publicKey, signing, jwk);
  }
}

/** Throws an Error where there is none of the known types. */
function typeOf(pkcs8: Uint8Array): KeyType {
  const [, algorithm] = elementsOf(readDer(pkcs8, SEQUENCE), SEQUENCE);
  const [kind, parameters] = elementsOf(algorithm, SEQUENCE);
  const name = readObjectIdentifier(kind);
  if (name === RSA) {
    const [, modulus] = elementsOf(readDer(innerKey(pkcs8), SEQUENCE), SEQUENCE);
    const bits = readInteger(modulus).toString(2).length;
    return bits <= 2048 ? "RSA2048" : bits <= 4096 ? "RSA4096" : "RSA8192";
  }
  const curve = name === "1.2.840.10045.2.1" ? readObjectIdentifier(parameters) : name;
  if (curve === "1.2.840.10045.3.1.7") return "EC256";
  if (curve === "1.3.132.0.34") return "EC384";
  throw new Error(`the key is of another kind than ${Object.keys(KEY_TYPES).join(", ")}`);
}

function innerKey(pkcs8: Uint8Array): Uint8Array {
  const [, , key] = elementsOf(readDer(pkcs8, SEQUENCE), SEQUENCE);
  return expectTag(key, OCTET_STRING).content;
}
