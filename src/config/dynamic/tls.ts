import { z } from "zod";
import { flag, oneOf, text, texts } from "../fields.ts";
import { accepted, limited } from "../support.ts";
import { certificate, certificateAuthorities } from "./certificate.ts";

const NOT_ON_DENO = "refused by name on Deno";

/** `minVersion` and `maxVersion`. */
export const minOrMaxVersion = () =>
  limited(
    oneOf("VersionTLS10", "VersionTLS11", "VersionTLS12", "VersionTLS13"),
    "TLS 1.0 and 1.1 are refused by name on Deno",
  );

/** Go's names, and the RFC's names for the same curves that Traefik takes as well. */
const curve = () =>
  oneOf(
    "X25519",
    "CurveP256",
    "CurveP384",
    "CurveP521",
    "X25519MLKEM768",
    "SecP256r1MLKEM768",
    "SecP384r1MLKEM1024",
    "secp256r1",
    "secp384r1",
    "secp521r1",
  );

/** What Go's crypto/tls has constants for. A runtime may have fewer; it says so by name. */
const cipherSuite = () =>
  oneOf(
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_RC4_128_SHA",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_FALLBACK_SCSV",
  );

export const cipherSuites = () => limited(z.array(cipherSuite()), NOT_ON_DENO);

const clientAuth = () =>
  z
    .strictObject({
      caFiles: certificateAuthorities().optional(),
      clientAuthType: oneOf(
        "NoClientCert",
        "RequestClientCert",
        "RequireAnyClientCert",
        "VerifyClientCertIfGiven",
        "RequireAndVerifyClientCert",
      ).optional(),
    })
    .superRefine(({ caFiles, clientAuthType }, context) => {
      const verifies =
        clientAuthType === "VerifyClientCertIfGiven" ||
        clientAuthType === "RequireAndVerifyClientCert";
      if (!verifies || (caFiles !== undefined && caFiles.length > 0)) return;
      context.addIssue({
        code: "custom",
        path: ["caFiles"],
        message: `expected CAs, which the clientAuthType ${clientAuthType} verifies with, found none`,
      });
    });

/** Names go into one byte of length (RFC 7301 section 3.1). */
const protocol = () =>
  text()
    .min(1, "expected a protocol such as h2 or http/1.1, found nothing")
    .max(255, "expected a protocol of at most 255 bytes, found more")
    .regex(/^[\x21-\x7e]*$/, "expected a protocol of printable ASCII characters");

/** Says where maxVersion is below minVersion, which is 1.2 where it isn't given. */
export function versionsInOrder(
  {
    minVersion = "VersionTLS12",
    maxVersion,
  }: { readonly minVersion?: string; readonly maxVersion?: string },
  context: z.RefinementCtx,
): void {
  if (maxVersion === undefined || maxVersion >= minVersion) return;
  context.addIssue({
    code: "custom",
    path: ["maxVersion"],
    message: `expected a version that is not below minVersion (${minVersion}), found ${maxVersion}`,
  });
}

/** Of a set of options, `tls.options.<name>`. */
export const tlsOptionsSchema = z
  .strictObject({
    minVersion: minOrMaxVersion(),
    maxVersion: minOrMaxVersion(),
    cipherSuites: cipherSuites(),
    curvePreferences: limited(z.array(curve()), NOT_ON_DENO),
    clientAuth: clientAuth().optional(),
    sniStrict: flag().optional(),
    alpnProtocols: z.array(protocol()).optional(),
    disableSessionTickets: limited(flag(), NOT_ON_DENO),
    preferServerCipherSuites: accepted(flag(), "deprecated, and without effect in Traefik too"),
  })
  .superRefine(versionsInOrder);

/** Of a store, `tls.stores.<name>`. Traefik uses the one called "default" alone. */
export const tlsStoreSchema = z.strictObject({
  defaultCertificate: certificate().optional(),
  defaultGeneratedCert: z
    .strictObject({
      resolver: text().optional(),
      domain: z.strictObject({ main: text().optional(), sans: texts().optional() }).optional(),
    })
    .optional(),
});

/** Of an element of `tls.certificates`. Without stores it is in the default one. */
export const tlsCertificateSchema = certificate().extend({ stores: texts().optional() });

export const tlsSchema = z.strictObject({
  certificates: z.array(tlsCertificateSchema).optional(),
  options: z.record(z.string(), tlsOptionsSchema).optional(),
  stores: z.record(z.string(), tlsStoreSchema).optional(),
});

/** The section `tls`, validated. Names of options are qualified once providers' are together, but for "default". */
export type TlsConfiguration = z.output<typeof tlsSchema>;
export type TlsOptions = z.output<typeof tlsOptionsSchema>;
export type TlsStore = z.output<typeof tlsStoreSchema>;
export type TlsCertificate = z.output<typeof tlsCertificateSchema>;
