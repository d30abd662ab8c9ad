import {
  BIT_STRING,
  context,
  type DerValue,
  elementsOf,
  expectTag,
  INTEGER,
  readDer,
  readInteger,
  readObjectIdentifier,
  readText,
  SEQUENCE,
  SET,
} from "../tls/der.ts";

/** What a certificate says of those who hold and signed it, and of its key. */
export interface CertificateDetails {
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  /** As Go names it, such as "SHA256-RSA"; "0" for one that Go doesn't know. */
  readonly signatureAlgorithm: string;
  readonly keyType: "RSA" | "ECDSA" | "Unknown";
  /** Bits; 0 for unknown keys. */
  readonly keySize: number;
}

/** The first value of each; "" for none. */
export interface DistinguishedName {
  readonly commonName: string;
  readonly organization: string;
  readonly country: string;
}

const COMMON_NAME = "2.5.4.3";
const ORGANIZATION = "2.5.4.10";
const COUNTRY = "2.5.4.6";

/** Names as in Go's crypto/x509. */
const SIGNATURES: Readonly<Record<string, string>> = {
  "1.2.840.113549.1.1.4": "MD5-RSA",
  "1.2.840.113549.1.1.5": "SHA1-RSA",
  "1.2.840.113549.1.1.11": "SHA256-RSA",
  "1.2.840.113549.1.1.12": "SHA384-RSA",
  "1.2.840.113549.1.1.13": "SHA512-RSA",
  "1.2.840.10045.4.1": "ECDSA-SHA1",
  "1.2.840.10045.4.3.2": "ECDSA-SHA256",
  "1.2.840.10045.4.3.3": "ECDSA-SHA384",
  "1.2.840.10045.4.3.4": "ECDSA-SHA512",
  "1.3.101.112": "Ed25519",
};
const RSA_PSS = "1.2.840.113549.1.1.10";
const PSS_HASHES: Readonly<Record<string, string>> = {
  "2.16.840.1.101.3.4.2.1": "SHA256-RSAPSS",
  "2.16.840.1.101.3.4.2.2": "SHA384-RSAPSS",
  "2.16.840.1.101.3.4.2.3": "SHA512-RSAPSS",
};
const RSA = "1.2.840.113549.1.1.1";
const EC = "1.2.840.10045.2.1";
const CURVES: Readonly<Record<string, number>> = {
  "1.3.132.0.33": 224,
  "1.2.840.10045.3.1.7": 256,
  "1.3.132.0.34": 384,
  "1.3.132.0.35": 521,
};

/** Reads an X.509 certificate (RFC 5280 section 4.1) in DER. Throws an Error where it is none. */
export function readCertificateDetails(bytes: Uint8Array): CertificateDetails {
  const [body, signature] = elementsOf(readDer(bytes, SEQUENCE), SEQUENCE);
  const fields = elementsOf(body, SEQUENCE);
  if (fields[0]?.tag === context(0)) fields.shift();
  const [, , issuer, , subject, publicKey] = fields;
  return {
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    signatureAlgorithm: signatureName(signature),
    ...keyOf(publicKey),
  };
}

function nameOf(name: DerValue | undefined): DistinguishedName {
  const values = new Map<string, string>();
  for (const part of elementsOf(name, SEQUENCE)) {
    for (const attribute of elementsOf(part, SET)) {
      const [type, value] = elementsOf(attribute, SEQUENCE);
      const key = readObjectIdentifier(type);
      // Go keeps the last common name and all of the others.
      if (value !== undefined && (key === COMMON_NAME || !values.has(key)))
        values.set(key, readText(value));
    }
  }
  const of = (key: string) => values.get(key) ?? "";
  return { commonName: of(COMMON_NAME), organization: of(ORGANIZATION), country: of(COUNTRY) };
}

function signatureName(algorithm: DerValue | undefined): string {
  const [type, parameters] = elementsOf(algorithm, SEQUENCE);
  const identifier = readObjectIdentifier(type);
  if (identifier !== RSA_PSS) return SIGNATURES[identifier] ?? "0";
  const [hash] = parameters === undefined ? [] : elementsOf(parameters, SEQUENCE);
  if (hash?.tag !== context(0)) return "0";
  const [name] = elementsOf(elementsOf(hash, context(0))[0], SEQUENCE);
  return PSS_HASHES[readObjectIdentifier(name)] ?? "0";
}

function keyOf(info: DerValue | undefined): Pick<CertificateDetails, "keyType" | "keySize"> {
  const [algorithm, bits] = elementsOf(info, SEQUENCE);
  const [type, parameters] = elementsOf(algorithm, SEQUENCE);
  const identifier = readObjectIdentifier(type);
  if (identifier === EC) {
    const size = CURVES[readObjectIdentifier(parameters)];
    return size === undefined
      ? { keyType: "Unknown", keySize: 0 }
      : { keyType: "ECDSA", keySize: size };
  }
  if (identifier !== RSA) return { keyType: "Unknown", keySize: 0 };
  // Behind a byte that says how many bits of the last byte are unused.
  const key = readDer(expectTag(bits, BIT_STRING).content.subarray(1), SEQUENCE);
  const modulus = readInteger(expectTag(elementsOf(key, SEQUENCE)[0], INTEGER));
  return { keyType: "RSA", keySize: modulus.toString(2).length };
}
