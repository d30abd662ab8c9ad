import type { SecureContextOptions } from "node:tls";
import type { ClientTlsOptions, ServerTlsOptions, TlsVersion } from "../../../src/net/tls.ts";
import { readPemBlocks } from "../../../src/tls/pem.ts";
import { opensslNames } from "./cipher-names.ts";
import { systemRoots } from "./system-roots.ts";

/** The same names in OpenSSL's words: node:tls wants them colon-separated. */
const CURVES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    X25519: "X25519",
    CurveP256: "P-256",
    CurveP384: "P-384",
    CurveP521: "P-521",
    X25519MLKEM768: "X25519MLKEM768",
  }),
);

const VERSIONS: Readonly<Record<TlsVersion, "TLSv1" | "TLSv1.1" | "TLSv1.2" | "TLSv1.3">> = {
  "1.0": "TLSv1",
  "1.1": "TLSv1.1",
  "1.2": "TLSv1.2",
  "1.3": "TLSv1.3",
};

/** SSL_OP_NO_TICKET, of OpenSSL and BoringSSL. */
const NO_TICKET = 0x4000;
/** SSL_OP_CIPHER_SERVER_PREFERENCE. */
const SERVER_PREFERENCE = 0x400000;

type Shared = Pick<ServerTlsOptions, "minVersion" | "maxVersion" | "cipherSuites" | "curves">;

/** What both roles can choose, as `tls.createSecureContext` takes it. Throws for what it can't express. */
export function sharedOptions(options: Shared): SecureContextOptions {
  const { maxVersion = "1.3", cipherSuites, curves } = options;
  const ciphers = cipherSuites?.length ? opensslNames(cipherSuites) : undefined;
  // None of 1.2 and below is left: as in Go, that leaves 1.3.
  const minVersion = ciphers?.length === 0 ? "1.3" : (options.minVersion ?? "1.2");
  if (minVersion > maxVersion) {
    throw new Error(`nothing is between minVersion ${minVersion} and maxVersion ${maxVersion}`);
  }
  const shared: SecureContextOptions = {
    minVersion: VERSIONS[minVersion],
    maxVersion: VERSIONS[maxVersion],
  };
  if (ciphers?.length) shared.ciphers = ciphers.join(":");
  if (curves !== undefined && curves.length > 0) {
    shared.ecdhCurve = curves.map(curveName).join(":");
  }
  return shared;
}

function curveName(name: string): string {
  const found = CURVES.get(name);
  if (found !== undefined) return found;
  const known = [...CURVES.keys()].join(", ");
  throw new Error(`curvePreferences: "${name}" is not supported; expected ${known}`);
}

/*
 * `allowPartialTrustChain`: an authority that is named is trusted, be it a root or one below, as in Go.
 */

/** What the server role adds. Throws where client certificates can't be verified as asked for. */
export function serverOptions(options: ServerTlsOptions): SecureContextOptions {
  const { keyPair, clientAuth, clientCAs, sessionTickets } = options;
  const verifies = clientAuth === "verify-if-given" || clientAuth === "require-and-verify";
  if (verifies && clientCAs.length === 0) {
    throw new Error(
      `clientAuth "${clientAuth}" needs the CAs that client certificates are checked against`,
    );
  }
  checkAuthorities("clientCAs", clientCAs);
  return {
    ...sharedOptions(options),
    cert: keyPair.certificate,
    key: keyPair.privateKey,
    // Never the system's roots: who may be a client is for the configuration to say.
    ca: verifies ? [...clientCAs] : undefined,
    allowPartialTrustChain: true,
    secureOptions: SERVER_PREFERENCE | (sessionTickets ? 0 : NO_TICKET),
  };
}

/** What the client role adds. */
export function clientOptions(options: ClientTlsOptions): SecureContextOptions {
  const { rootCAs, verify, keyPair } = options;
  if (rootCAs?.length === 0) throw new Error("rootCAs is empty: nothing could be verified");
  checkAuthorities("rootCAs", rootCAs ?? []);
  return {
    ...sharedOptions(options),
    ca: verify ? [...(rootCAs ?? systemRoots())] : undefined,
    allowPartialTrustChain: true,
    cert: keyPair?.certificate,
    key: keyPair?.privateKey,
  };
}

/** A text without certificates is ignored by the libraries, and then no peer is trusted. */
function checkAuthorities(option: string, texts: readonly string[]): void {
  for (const text of texts) {
    if (!readPemBlocks(text).some(({ label }) => label === "CERTIFICATE")) {
      throw new Error(`${option}: expected a PEM text with certificates, found none in it`);
    }
  }
}
