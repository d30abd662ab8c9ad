import { latin1 } from "../core/bytes.ts";
import { ipv4Text, ipv6Text } from "../net/address.ts";
import {
  context,
  type DerValue,
  elementsOf,
  expectTag,
  INTEGER,
  OCTET_STRING,
  readDer,
  readInteger,
  readObjectIdentifier,
  readText,
  readTime,
  SEQUENCE,
  SET,
} from "./der.ts";

/** What is said in a certificate, as far as it is asked for. */
export interface Certificate {
  /** 1 to 3. */
  readonly version: number;
  /** The subject's common name; "" for none. */
  readonly commonName: string;
  /** In decimal, as Traefik's metrics have it. */
  readonly serial: string;
  /** Of its subject alternative names: as they are written. */
  readonly dnsNames: readonly string[];
  /** Of its subject alternative names: as they are written. */
  readonly emailAddresses: readonly string[];
  /** Of its subject alternative names: in canonical form. */
  readonly ipAddresses: readonly string[];
  /** Of its subject alternative names: as they are written. */
  readonly uris: readonly string[];
  /** What its key may be used for, as object identifiers; undefined for anything. */
  readonly extendedKeyUsages: readonly string[] | undefined;
  /** Whether clients are to refuse it without a staple of OCSP (RFC 7633). */
  readonly mustStaple: boolean;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** The SubjectPublicKeyInfo, in DER. */
  readonly publicKey: Uint8Array;
}

const COMMON_NAME = "2.5.4.3";
const SUBJECT_ALT_NAME = "2.5.29.17";
const EXTENDED_KEY_USAGE = "2.5.29.37";
/** The TLS features that a server has to have (RFC 7633), and among them status_request (RFC 6066 section 8). */
const TLS_FEATURE = "1.3.6.1.5.5.7.1.24";
const STATUS_REQUEST = 5n;
const AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
/** Of GeneralName (RFC 5280 section 4.2.1.6). */
const EMAIL_ADDRESS = context(1, false);
const DNS_NAME = context(2, false);
const URI = context(6, false);
const IP_ADDRESS = context(7, false);

/** The fields behind the version, which is left out where it is the first. */
function fieldsOf(bytes: Uint8Array): DerValue[] {
  const fields = elementsOf(elementsOf(readDer(bytes, SEQUENCE), SEQUENCE)[0], SEQUENCE);
  return fields[0]?.tag === context(0) ? fields.slice(1) : fields;
}

/** The common name of a certificate's issuer; "" for none. Throws an Error where the bytes are no certificate. */
export function issuerCommonName(bytes: Uint8Array): string {
  return commonNameOf(fieldsOf(bytes)[2]);
}

/** The bytes of a certificate's serial number, with the leading zero that DER may need. */
export function serialBytes(bytes: Uint8Array): Uint8Array {
  return expectTag(fieldsOf(bytes)[0], INTEGER).content;
}

/** What names the key of a certificate's issuer (RFC 5280 section 4.2.1.1); undefined where nothing does. */
export function authorityKeyIdentifier(bytes: Uint8Array): Uint8Array | undefined {
  const extensions = fieldsOf(bytes).find(({ tag }) => tag === context(3));
  if (extensions === undefined) return undefined;
  for (const one of elementsOf(elementsOf(extensions, context(3))[0], SEQUENCE)) {
    const parts = elementsOf(one, SEQUENCE);
    if (readObjectIdentifier(parts[0]) !== AUTHORITY_KEY_IDENTIFIER) continue;
    const { content } = expectTag(parts[parts.length - 1], OCTET_STRING);
    const members = elementsOf(readDer(content, SEQUENCE), SEQUENCE);
    return members.find(({ tag }) => tag === context(0, false))?.content;
  }
  return undefined;
}

/** Reads an X.509 certificate (RFC 5280 section 4.1) in DER. Throws an Error where it is none; verifies nothing. */
export function readCertificate(bytes: Uint8Array): Certificate {
  const fields = elementsOf(elementsOf(readDer(bytes, SEQUENCE), SEQUENCE)[0], SEQUENCE);
  // The version is left out where it is the first.
  const version = fields[0]?.tag === context(0) ? fields.shift() : undefined;
  const [serial, , , validity, subject, publicKey, ...rest] = fields;
  const [notBefore, notAfter] = elementsOf(validity, SEQUENCE);
  const extensions = rest.find(({ tag }) => tag === context(3));
  return {
    version:
      version === undefined ? 1 : Number(readInteger(elementsOf(version, context(0))[0])) + 1,
    commonName: commonNameOf(subject),
    serial: readInteger(serial).toString(),
    ...readExtensions(extensions),
    notBefore: readTime(notBefore),
    notAfter: readTime(notAfter),
    publicKey: expectTag(publicKey, SEQUENCE).encoded,
  };
}

/** The last one, as in Go, where there are several. */
function commonNameOf(subject: DerValue | undefined): string {
  let name = "";
  for (const part of elementsOf(subject, SEQUENCE)) {
    for (const attribute of elementsOf(part, SET)) {
      const [type, value] = elementsOf(attribute, SEQUENCE);
      if (readObjectIdentifier(type) === COMMON_NAME && value !== undefined) name = readText(value);
    }
  }
  return name;
}

function readExtensions(
  extensions: DerValue | undefined,
): Pick<
  Certificate,
  "dnsNames" | "emailAddresses" | "ipAddresses" | "uris" | "extendedKeyUsages" | "mustStaple"
> {
  const dnsNames: string[] = [];
  const emailAddresses: string[] = [];
  const ipAddresses: string[] = [];
  const uris: string[] = [];
  let extendedKeyUsages: string[] | undefined;
  let mustStaple = false;
  const list =
    extensions === undefined ? [] : elementsOf(elementsOf(extensions, context(3))[0], SEQUENCE);
  for (const extension of list) {
    const parts = elementsOf(extension, SEQUENCE);
    const type = readObjectIdentifier(parts[0]);
    if (![SUBJECT_ALT_NAME, EXTENDED_KEY_USAGE, TLS_FEATURE].includes(type)) continue;
    // Between the two there may be a BOOLEAN that says that it is critical.
    const { content } = expectTag(parts[parts.length - 1], OCTET_STRING);
    const values = elementsOf(readDer(content, SEQUENCE), SEQUENCE);
    if (type === EXTENDED_KEY_USAGE) {
      extendedKeyUsages = values.map(readObjectIdentifier);
      continue;
    }
    if (type === TLS_FEATURE) {
      mustStaple = values.some((value) => BigInt(readInteger(value)) === STATUS_REQUEST);
      continue;
    }
    for (const { tag, content } of values) {
      if (tag === DNS_NAME) dnsNames.push(latin1(content));
      else if (tag === EMAIL_ADDRESS) emailAddresses.push(latin1(content));
      else if (tag === IP_ADDRESS) ipAddresses.push(addressText(content));
      else if (tag === URI) uris.push(latin1(content));
    }
  }
  return { dnsNames, emailAddresses, ipAddresses, uris, extendedKeyUsages, mustStaple };
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return ipv4Text(bytes, 0);
  if (bytes.length === 16) return ipv6Text(bytes, 0);
  throw new Error(`the certificate has an IP address of ${bytes.length} bytes`);
}

/**
 * The names by which a server's certificate is found, as Traefik takes them: its common name,
 * whether or not there are others, then all alternative names. In lower case, each once.
 */
export function serverNamesOf({ commonName, dnsNames, ipAddresses }: Certificate): string[] {
  const names = [commonName, ...dnsNames, ...ipAddresses].map((name) =>
    name.toLowerCase().replace(/\.+$/, ""),
  );
  return [...new Set(names)].filter((name) => name !== "");
}
