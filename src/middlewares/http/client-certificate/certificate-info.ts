import { readCertificate } from "../../../tls/certificate.ts";
import { certificateNames, type NameAttribute } from "../../../tls/x509/certificate-names.ts";
import type { HttpMiddlewareOptions } from "../http-middleware.ts";

export type CertificateInfoOptions = NonNullable<
  HttpMiddlewareOptions<"passTLSClientCert">["info"]
>;
type NameOptions = NonNullable<CertificateInfoOptions["subject"]>;

/** In the order in which they are written: the option, the name, the object identifier. */
const ATTRIBUTES: readonly (readonly [keyof NameOptions, name: string, type: string])[] = [
  ["domainComponent", "DC", "0.9.2342.19200300.100.1.25"],
  ["country", "C", "2.5.4.6"],
  ["province", "ST", "2.5.4.8"],
  ["locality", "L", "2.5.4.7"],
  ["organization", "O", "2.5.4.10"],
  ["organizationalUnit", "OU", "2.5.4.11"],
  ["serialNumber", "SN", "2.5.4.5"],
  ["commonName", "CN", "2.5.4.3"],
];
/** Of these there is one; the last counts. */
const SINGLE: ReadonlySet<string> = new Set(["SN", "CN"]);

/**
 * What `info` asks for of a certificate in DER, as Traefik writes it before it escapes it:
 * `Subject="C=FR,CN=a";Issuer="..";SerialNumber="1";NB="..";NA="..";SAN=".."`. Throws where it is no certificate.
 */
export function certificateInfo(der: Uint8Array, options: CertificateInfoOptions): string {
  const certificate = readCertificate(der);
  const names = certificateNames(der);
  const parts: string[] = [];
  const add = (name: string, value: string) => {
    if (value !== "") parts.push(`${name}="${value}"`);
  };
  add("Subject", nameText(names.subject, options.subject));
  add("Issuer", nameText(names.issuer, options.issuer));
  if (options.serialNumber) add("SerialNumber", certificate.serial);
  if (options.notBefore) add("NB", String(certificate.notBefore / 1000));
  if (options.notAfter) add("NA", String(certificate.notAfter / 1000));
  if (options.sans) {
    const { dnsNames, emailAddresses, ipAddresses, uris } = certificate;
    add("SAN", [...dnsNames, ...emailAddresses, ...ipAddresses, ...uris].join(","));
  }
  return parts.join(";");
}

function nameText(attributes: readonly NameAttribute[], options: NameOptions = {}): string {
  const parts: string[] = [];
  for (const [option, name, type] of ATTRIBUTES) {
    if (options[option] !== true) continue;
    const values = attributes.filter(([found]) => found === type).map(([, text]) => text);
    const wanted = SINGLE.has(name) ? values.slice(-1) : values;
    for (const value of wanted) if (value !== "") parts.push(`${name}=${value}`);
  }
  return parts.join(",");
}

/** As Go's url.QueryEscape: all but letters, digits and "-_.~", blanks as "+". */
export function queryEscaped(text: string): string {
  return encodeURIComponent(text.toWellFormed())
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}
