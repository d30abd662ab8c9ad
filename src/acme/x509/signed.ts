import { der, derBitString, derObjectIdentifier, SEQUENCE } from "../../tls/der.ts";
import { ecdsaSignature } from "../../tls/x509/certificate-writer.ts";
import type { Key } from "./key.ts";
import { KEY_TYPES } from "./key-type.ts";

const NULL = der(0x05);

/** The AlgorithmIdentifier of a key's signatures (RFC 4055 section 5, RFC 5758 section 3.2). */
export function signatureAlgorithm(key: Key): Uint8Array {
  const { signature, jws } = KEY_TYPES[key.type];
  return der(SEQUENCE, derObjectIdentifier(signature), ...(jws === "RS256" ? [NULL] : []));
}

/** What is signed, with its algorithm and its signature: the frame of certificates and requests. */
export async function signed(content: Uint8Array, key: Key): Promise<Uint8Array> {
  const raw = await key.sign(content);
  const signature = KEY_TYPES[key.type].jws === "RS256" ? raw : ecdsaSignature(raw);
  return der(SEQUENCE, content, signatureAlgorithm(key), derBitString(signature));
}
