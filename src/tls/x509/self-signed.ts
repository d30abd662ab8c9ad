import type { KeyPair } from "../../net/tls.ts";
import {
  BIT_STRING,
  context,
  der,
  derBitString,
  derInteger,
  derObjectIdentifier,
  derTime,
  SEQUENCE,
} from "../der.ts";
import { pemText } from "../pem.ts";
import {
  DNS_NAME,
  distinguishedName,
  ecdsaSignature,
  extension,
  subjectAltNames,
} from "./certificate-writer.ts";

/** Its subject's common name, as in Traefik, so that people recognise it. */
export const DEFAULT_CERTIFICATE_NAME = "TRAEFIK DEFAULT CERT";

const DAYS = 365;
const ECDSA = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";

/**
 * A self-signed certificate for connections that no other fits: for a random name below
 * traefik.default, for 365 days from now. Traefik's has an RSA key of 2048 bits; this one has an
 * elliptic curve's (P-256), which takes a millisecond to make and which every client of TLS 1.2 knows.
 */
export async function generateDefaultCertificate(now = Date.now()): Promise<KeyPair> {
  const random = crypto.getRandomValues(new Uint8Array(32)).toHex();
  const domain = `${random.slice(0, 32)}.${random.slice(32)}.traefik.default`;
  const keys = await crypto.subtle.generateKey(ECDSA, true, ["sign", "verify"]);
  const publicKey = new Uint8Array(await crypto.subtle.exportKey("spki", keys.publicKey));
  const privateKey = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));

  const algorithm = der(SEQUENCE, derObjectIdentifier(ECDSA_WITH_SHA256));
  const name = distinguishedName(DEFAULT_CERTIFICATE_NAME);
  const toBeSigned = der(
    SEQUENCE,
    der(context(0), derInteger(Uint8Array.of(2))),
    derInteger(crypto.getRandomValues(new Uint8Array(16))),
    algorithm,
    name,
    der(SEQUENCE, derTime(now), derTime(now + DAYS * 86_400_000)),
    name,
    publicKey,
    der(context(3), der(SEQUENCE, ...extensions(domain))),
  );
  const signature = new Uint8Array(
    await crypto.subtle.sign(ECDSA, keys.privateKey, Uint8Array.from(toBeSigned)),
  );
  const certificate = der(SEQUENCE, toBeSigned, algorithm, derBitString(ecdsaSignature(signature)));
  return {
    certificate: pemText("CERTIFICATE", certificate),
    privateKey: pemText("PRIVATE KEY", privateKey),
  };
}

function extensions(domain: string): Uint8Array[] {
  return [
    // The key is for signatures.
    extension("2.5.29.15", true, der(BIT_STRING, Uint8Array.of(7, 0x80))),
    // Of servers.
    extension("2.5.29.37", false, der(SEQUENCE, derObjectIdentifier("1.3.6.1.5.5.7.3.1"))),
    // It is no CA.
    extension("2.5.29.19", true, der(SEQUENCE)),
    subjectAltNames([der(DNS_NAME, new TextEncoder().encode(domain))]),
  ];
}
