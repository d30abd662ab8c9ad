import type { ClientAuth, ClientTlsOptions } from "../../../src/net/tls.ts";
import { readCertificate } from "../../../src/tls/certificate.ts";
import { isForHost } from "../../../src/tls/peer-name.ts";

/*
 * Both runtimes' TLS libraries finish a handshake whatever they think of the peer's certificate,
 * and say afterwards what they thought. These two functions are the only ones that decide.
 */

/**
 * Why a client isn't let in; null where it is. `certificate` is its certificate in DER, null for
 * none; `unverified` is why the library doesn't trust it, null where it does.
 */
export function clientRefusal(
  clientAuth: ClientAuth,
  certificate: Uint8Array | null,
  unverified: string | null,
): Error | null {
  if (clientAuth === "none" || clientAuth === "request") return null;
  if (certificate === null) {
    return clientAuth === "verify-if-given" ? null : new Error("the client sent no certificate");
  }
  if (clientAuth === "require-any") return null;
  const reason = unverified ?? expiry(certificate);
  return reason === null ? null : new Error(`the client's certificate: ${reason}`);
}

/** Why a server isn't trusted; null where it is. `host` is the name that it must have a certificate for. */
export function serverRefusal(
  { verify, peerUri }: Pick<ClientTlsOptions, "verify" | "peerUri">,
  host: string,
  certificate: Uint8Array | null,
  unverified: string | null,
): Error | null {
  if (certificate === null) return new Error("the server sent no certificate");
  if (!verify) return null;
  const reason = unverified ?? wrongName(certificate, host, peerUri);
  return reason === null ? null : new Error(`the server's certificate: ${reason}`);
}

function wrongName(bytes: Uint8Array, host: string, peerUri: string | undefined): string | null {
  const certificate = readCertificate(bytes);
  if (peerUri !== undefined) {
    return certificate.uris.includes(peerUri)
      ? null
      : `it is for ${listed(certificate.uris)}, not for the URI ${peerUri}`;
  }
  if (isForHost(certificate, host)) return null;
  const { dnsNames, ipAddresses } = certificate;
  return `it is for ${listed([...dnsNames, ...ipAddresses])}, not for ${host}`;
}

/** A resumed session's certificate was verified when the session began. */
function expiry(bytes: Uint8Array): string | null {
  return readCertificate(bytes).notAfter < Date.now() ? "certificate has expired" : null;
}

function listed(names: readonly string[]): string {
  if (names.length === 0) return "no name";
  return names.length > 10 ? `${names.slice(0, 10).join(", ")}, ...` : names.join(", ");
}
