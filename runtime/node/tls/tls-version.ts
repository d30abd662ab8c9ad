import type { TlsVersion } from "../../../src/net/tls.ts";

const VERSIONS: Readonly<Record<string, TlsVersion>> = {
  TLSv1: "1.0",
  "TLSv1.1": "1.1",
  "TLSv1.2": "1.2",
  "TLSv1.3": "1.3",
};

/** A version in OpenSSL's words. */
export function tlsVersion(name: string): TlsVersion {
  const version = VERSIONS[name];
  if (version === undefined) throw new Error(`a TLS version that isn't known: ${name}`);
  return version;
}
