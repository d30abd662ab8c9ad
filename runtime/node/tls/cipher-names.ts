/**
 * Cipher suites of TLS 1.2 and below that Go knows, by their IANA names, in OpenSSL's words. Those
 * with null are suites that Go knows and neither of our TLS libraries speaks.
 */
const OPENSSL_NAMES: ReadonlyMap<string, string | null> = new Map(
  Object.entries({
    TLS_RSA_WITH_RC4_128_SHA: null,
    TLS_RSA_WITH_3DES_EDE_CBC_SHA: null,
    TLS_RSA_WITH_AES_128_CBC_SHA: "AES128-SHA",
    TLS_RSA_WITH_AES_256_CBC_SHA: "AES256-SHA",
    TLS_RSA_WITH_AES_128_CBC_SHA256: null,
    TLS_RSA_WITH_AES_128_GCM_SHA256: "AES128-GCM-SHA256",
    TLS_RSA_WITH_AES_256_GCM_SHA384: "AES256-GCM-SHA384",
    TLS_ECDHE_ECDSA_WITH_RC4_128_SHA: null,
    TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: "ECDHE-ECDSA-AES128-SHA",
    TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: "ECDHE-ECDSA-AES256-SHA",
    TLS_ECDHE_RSA_WITH_RC4_128_SHA: null,
    TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA: null,
    TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: "ECDHE-RSA-AES128-SHA",
    TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: "ECDHE-RSA-AES256-SHA",
    TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: "ECDHE-ECDSA-AES128-SHA256",
    TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256: "ECDHE-RSA-AES128-SHA256",
    TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
    TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
    TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
    TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-RSA-CHACHA20-POLY1305",
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: "ECDHE-ECDSA-CHACHA20-POLY1305",
    // Go's older names of the same two.
    TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305: "ECDHE-RSA-CHACHA20-POLY1305",
    TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305: "ECDHE-ECDSA-CHACHA20-POLY1305",
  }),
);

/**
 * Suites of TLS 1.3 are always on, as in Go, and the signalling value of RFC 7507 is none: they may
 * be in a list and mean nothing there.
 */
const MEANINGLESS = /^TLS_(AES_|CHACHA20_|FALLBACK_SCSV$)/;

/** Suites by OpenSSL's names. Throws an Error that names the one which isn't supported. */
export function opensslNames(suites: readonly string[]): string[] {
  const names: string[] = [];
  for (const suite of suites) {
    if (MEANINGLESS.test(suite)) continue;
    const name = OPENSSL_NAMES.get(suite);
    if (name === undefined) throw new Error(`cipherSuites: "${suite}" is unknown`);
    if (name === null) throw new Error(`cipherSuites: "${suite}" is not supported by this runtime`);
    names.push(name);
  }
  return names;
}

const IANA_NAMES = new Map<string, string>();
for (const [iana, openssl] of OPENSSL_NAMES) {
  if (openssl !== null && !IANA_NAMES.has(openssl)) IANA_NAMES.set(openssl, iana);
}

/** A cipher suite by its IANA name; a name that isn't known stays as it is. */
export function ianaName(name: string): string {
  return IANA_NAMES.get(name) ?? name;
}
