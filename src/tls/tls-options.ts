import type { TlsOptions } from "../config/dynamic/tls.ts";
import { messageOf } from "../core/errors.ts";
import type { ClientAuth, ServerTlsOptions, TlsVersion } from "../net/tls.ts";
import { readCertificate } from "./certificate.ts";
import { readPemBlocks } from "./pem.ts";

/** A set of options as the runtime takes them, but for the certificate. */
export interface ServerOptions extends Omit<ServerTlsOptions, "keyPair"> {
  readonly minVersion: TlsVersion;
  /** Without a certificate for its name a connection is refused. */
  readonly sniStrict: boolean;
}

/** What answers where it isn't configured. Traefik's third, acme-tls/1, belongs to its certificate resolvers. */
const DEFAULT_PROTOCOLS = ["h2", "http/1.1"];
const ACME_CHALLENGE = "acme-tls/1";

const VERSIONS: Readonly<Record<string, TlsVersion>> = {
  VersionTLS10: "1.0",
  VersionTLS11: "1.1",
  VersionTLS12: "1.2",
  VersionTLS13: "1.3",
};

const CLIENT_AUTH: Readonly<Record<string, ClientAuth>> = {
  NoClientCert: "none",
  RequestClientCert: "request",
  RequireAnyClientCert: "require-any",
  VerifyClientCertIfGiven: "verify-if-given",
  RequireAndVerifyClientCert: "require-and-verify",
};

/** Go's older names of the same values. */
const CURVES: Readonly<Record<string, string>> = {
  secp256r1: "CurveP256",
  secp384r1: "CurveP384",
  secp521r1: "CurveP521",
};
const CHACHA20 = /_CHACHA20_POLY1305$/;

/** Those of TLS 1.3 can't be chosen, in Go as well as here; the last is a client's signal and no cipher suite. */
const NOT_CHOSEN = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_FALLBACK_SCSV",
];

/**
 * Resolves a set of options; `readText` reads what `caFiles` name. Rejects with an Error where the
 * options can't be honoured as they are written: then no client may be served with them.
 */
export async function resolveTlsOptions(
  options: TlsOptions,
  readText: (textOrPath: string) => Promise<string>,
): Promise<ServerOptions> {
  const { caFiles = [], clientAuthType } = options.clientAuth ?? {};
  const clientCAs: string[] = [];
  for (const [i, file] of caFiles.entries()) {
    try {
      const text = await readText(file);
      checkAuthorities(text);
      clientCAs.push(text);
    } catch (error) {
      throw new Error(`clientAuth.caFiles[${i}]: ${messageOf(error)}`);
    }
  }
  const clientAuth =
    clientAuthType === undefined
      ? // CAs alone ask for certificates that they have signed.
        clientCAs.length > 0
        ? "require-and-verify"
        : "none"
      : CLIENT_AUTH[clientAuthType];
  const verifies = clientAuth === "require-and-verify" || clientAuth === "verify-if-given";
  if (verifies && clientCAs.length === 0) {
    throw new Error(`clientAuth: the clientAuthType ${clientAuthType} needs caFiles`);
  }
  const protocols = options.alpnProtocols ?? DEFAULT_PROTOCOLS;
  return {
    ...versionsAndCiphers(options),
    curves: listOrUndefined(options.curvePreferences?.map((name) => CURVES[name] ?? name)),
    clientAuth,
    clientCAs,
    sessionTickets: options.disableSessionTickets !== true,
    alpn: protocols.filter((name) => name !== ACME_CHALLENGE),
    sniStrict: options.sniStrict === true,
  };
}

/** Cipher suites of TLS 1.3 alone leave none for the versions below. */
export function versionsAndCiphers({
  minVersion = "VersionTLS12",
  maxVersion,
  cipherSuites,
}: Pick<TlsOptions, "minVersion" | "maxVersion" | "cipherSuites">): Pick<
  ServerOptions,
  "minVersion" | "maxVersion" | "cipherSuites"
> {
  const max = maxVersion === undefined ? undefined : VERSIONS[maxVersion];
  const chosen = listOrUndefined(cipherSuites)
    ?.filter((name) => !NOT_CHOSEN.includes(name))
    .map((name) => name.replace(CHACHA20, "_CHACHA20_POLY1305_SHA256"));
  if (chosen?.length === 0) {
    if (max !== undefined && max !== "1.3") {
      throw new Error(`cipherSuites: expected one that TLS ${max} has, found none`);
    }
    return { minVersion: "1.3", maxVersion: max };
  }
  return { minVersion: VERSIONS[minVersion], maxVersion: max, cipherSuites: chosen };
}

/** An empty list is as good as none. */
function listOrUndefined(list: readonly string[] | undefined): readonly string[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list;
}

/** All of them must be certificates: a CA that was left out would lock its clients out in silence. */
export function checkAuthorities(text: string): void {
  const authorities = readPemBlocks(text).filter(({ label }) => label === "CERTIFICATE");
  if (authorities.length === 0) throw new Error("expected certificates, found none");
  for (const { bytes } of authorities) readCertificate(bytes);
}
