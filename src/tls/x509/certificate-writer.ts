import {
  BOOLEAN,
  context,
  der,
  derInteger,
  derObjectIdentifier,
  OCTET_STRING,
  SEQUENCE,
  SET,
  UTF8_STRING,
} from "../der.ts";

/** The parts that certificates and requests for them are written from (RFC 5280, RFC 2986), in DER. */

const COMMON_NAME = "2.5.4.3";
const SUBJECT_ALT_NAME = "2.5.29.17";

/** Of GeneralName (RFC 5280 section 4.2.1.6). */
export const EMAIL_ADDRESS = context(1, false);
export const DNS_NAME = context(2, false);
export const IP_ADDRESS = context(7, false);

/** A name of one attribute; without any where it is "". */
export function distinguishedName(commonName: string): Uint8Array {
  if (commonName === "") return der(SEQUENCE);
  const value = der(UTF8_STRING, new TextEncoder().encode(commonName));
  return der(SEQUENCE, der(SET, der(SEQUENCE, derObjectIdentifier(COMMON_NAME), value)));
}

export function extension(identifier: string, critical: boolean, value: Uint8Array): Uint8Array {
  const flag = critical ? [der(BOOLEAN, Uint8Array.of(0xff))] : [];
  return der(SEQUENCE, derObjectIdentifier(identifier), ...flag, der(OCTET_STRING, value));
}

/** The extension that names what a certificate is for; `names` are GeneralNames. */
export function subjectAltNames(names: readonly Uint8Array[]): Uint8Array {
  return extension(SUBJECT_ALT_NAME, false, der(SEQUENCE, ...names));
}

/** Certificates have the two numbers in DER (RFC 3279 section 2.2.3), WebCrypto one behind the other. */
export function ecdsaSignature(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  return der(
    SEQUENCE,
    derInteger(signature.subarray(0, half)),
    derInteger(signature.subarray(half)),
  );
}
