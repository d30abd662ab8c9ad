import {
  context,
  der,
  derInteger,
  derObjectIdentifier,
  elementsOf,
  OCTET_STRING,
  readDer,
  readObjectIdentifier,
  SEQUENCE,
} from "./der.ts";
import type { PemBlock } from "./pem.ts";

const RSA = "1.2.840.113549.1.1.1";
const ELLIPTIC_CURVE = "1.2.840.10045.2.1";
const ED25519 = "1.3.101.112";
const CURVES: Readonly<Record<string, string>> = {
  "1.2.840.10045.3.1.7": "P-256",
  "1.3.132.0.34": "P-384",
  "1.3.132.0.35": "P-521",
};

const VERSION_0 = derInteger(Uint8Array.of(0));
const NULL = der(0x05);

/** Any algorithm that `importKey` takes such a key with. */
type ImportAlgorithm = RsaHashedImportParams | EcKeyImportParams | Algorithm;

/**
 * Checks that a private key belongs to the public key of a certificate. Throws an Error that says
 * what is wrong. A kind of key that the platform's WebCrypto doesn't know is left to the TLS library.
 */
export async function checkPrivateKey(key: PemBlock, publicKey: Uint8Array): Promise<void> {
  if (key.encrypted || key.label === "ENCRYPTED PRIVATE KEY") {
    throw new Error("the private key is encrypted: expected one without a password");
  }
  const algorithm = algorithmOf(publicKey);
  if (algorithm === undefined) return;
  const found = await publicPart("spki", publicKey, algorithm, "the certificate's public key");
  if (found === undefined) return;
  const pkcs8 = pkcs8Of(key, publicKey);
  if (readObjectIdentifier(keyAlgorithm(pkcs8)) !== readObjectIdentifier(keyAlgorithm(publicKey))) {
    throw new Error("the private key is of another kind than the certificate's");
  }
  const own = await publicPart("pkcs8", pkcs8, algorithm, "the private key");
  if (own !== undefined && own !== found) {
    throw new Error("the private key does not belong to the certificate");
  }
}

/** The key in PKCS #8 (RFC 5958), whatever form it has. */
export function pkcs8Of({ label, bytes }: PemBlock, publicKey: Uint8Array): Uint8Array {
  switch (label) {
    case "PRIVATE KEY":
      return bytes;
    case "RSA PRIVATE KEY":
      return wrap(der(SEQUENCE, derObjectIdentifier(RSA), NULL), bytes);
    case "EC PRIVATE KEY":
      return wrap(ellipticCurve(bytes, publicKey), bytes);
    default:
      throw new Error(`the private key is of an unknown kind, "${label}"`);
  }
}

function wrap(algorithm: Uint8Array, key: Uint8Array): Uint8Array {
  return der(SEQUENCE, VERSION_0, algorithm, der(OCTET_STRING, key));
}

/** The curve is in the key itself (RFC 5915) or, where that leaves it out, the certificate's. */
function ellipticCurve(bytes: Uint8Array, publicKey: Uint8Array): Uint8Array {
  const parameters = elementsOf(readDer(bytes, SEQUENCE), SEQUENCE).find(
    ({ tag }) => tag === context(0),
  );
  if (parameters === undefined)
    return elementsOf(readDer(publicKey, SEQUENCE), SEQUENCE)[0].encoded;
  return der(SEQUENCE, derObjectIdentifier(ELLIPTIC_CURVE), parameters.content);
}

/** The identifier of the algorithm, of a SubjectPublicKeyInfo or a PKCS #8 key. */
function keyAlgorithm(bytes: Uint8Array) {
  const parts = elementsOf(readDer(bytes, SEQUENCE), SEQUENCE);
  return elementsOf(
    parts.find(({ tag }) => tag === SEQUENCE),
    SEQUENCE,
  )[0];
}

function algorithmOf(publicKey: Uint8Array): ImportAlgorithm | undefined {
  const [algorithm, parameters] = elementsOf(
    elementsOf(readDer(publicKey, SEQUENCE), SEQUENCE)[0],
    SEQUENCE,
  );
  switch (readObjectIdentifier(algorithm)) {
    case RSA:
      return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    case ED25519:
      return { name: "Ed25519" };
    case ELLIPTIC_CURVE: {
      const namedCurve = CURVES[readObjectIdentifier(parameters)];
      return namedCurve === undefined ? undefined : { name: "ECDSA", namedCurve };
    }
    default:
      return undefined;
  }
}

/** What identifies the public key of either half of a pair; undefined where the platform doesn't know its kind. */
async function publicPart(
  format: "spki" | "pkcs8",
  bytes: Uint8Array,
  algorithm: ImportAlgorithm,
  what: string,
): Promise<string | undefined> {
  try {
    const uses: KeyUsage[] = format === "spki" ? ["verify"] : ["sign"];
    const plain = Uint8Array.from(bytes);
    const key = await crypto.subtle.importKey(format, plain, algorithm, true, uses);
    const { kty, crv, n, e, x, y } = await crypto.subtle.exportKey("jwk", key);
    return JSON.stringify([kty, crv, n, e, x, y]);
  } catch (error) {
    if ((error as Error).name === "NotSupportedError") return undefined;
    throw new Error(`${what} is malformed`, { cause: error });
  }
}
