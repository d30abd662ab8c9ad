import { createSecureContext } from "node:tls";
import { parseIp } from "../../src/net/address.ts";
import type {
  ClientTlsContext,
  ClientTlsOptions,
  ServerTlsContext,
  ServerTlsOptions,
} from "../../src/net/tls.ts";
import { readPemBlocks } from "../../src/tls/pem.ts";
import { wireProtocols } from "../node/tls/alpn.ts";
import { clientRefusal, serverRefusal } from "../node/tls/peer-check.ts";
import { clientOptions, serverOptions } from "../node/tls/tls-options.ts";

/**
 * What `upgradeTLS` takes as `tls`. `secureContext` is undocumented: a native SSL_CTX of node:tls,
 * which all connections share instead of having one made for each.
 */
interface UpgradeOptions {
  readonly secureContext: unknown;
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  readonly ALPNProtocols: Uint8Array | undefined;
  readonly serverName?: string;
}

/** Go's, as Traefik leaves it to Go: Bun's own would take key exchanges without forward secrecy as well. */
const DEFAULT_SUITES = ["AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"]
  .concat("AES_128_CBC_SHA", "AES_256_CBC_SHA")
  .flatMap((suite) => [`TLS_ECDHE_ECDSA_WITH_${suite}`, `TLS_ECDHE_RSA_WITH_${suite}`]);

export class BunServerTls implements ServerTlsContext {
  readonly role = "server";
  readonly upgrade: UpgradeOptions;
  private readonly options: ServerTlsOptions;
  /** In base64 of their DER. */
  private readonly authorities: ReadonlySet<string>;

  constructor(options: ServerTlsOptions) {
    const blocks = options.clientCAs.flatMap(readPemBlocks);
    this.authorities = new Set(blocks.map(({ bytes }) => bytes.toBase64()));
    const { clientAuth, alpn, cipherSuites } = options;
    this.options = options;
    const chosen = {
      ...options,
      cipherSuites: cipherSuites?.length ? cipherSuites : DEFAULT_SUITES,
    };
    const verification = {
      requestCert: clientAuth !== "none",
      // Makes BoringSSL send an alert to clients without a certificate. What else is to be refused
      // is for `refusal` to say. Not with "require-any": of clients that aren't verified Bun would
      // then drop what they send.
      rejectUnauthorized: clientAuth === "require-and-verify",
    };
    const { context } = createSecureContext({ ...serverOptions(chosen), ...verification });
    this.upgrade = { secureContext: context, ...verification, ALPNProtocols: protocols(alpn) };
  }

  /** True for a certificate in DER that is one of `clientCAs`. */
  isAuthority(certificate: Uint8Array): boolean {
    return this.authorities.has(certificate.toBase64());
  }

  refusal(certificate: Uint8Array | null, unverified: string | null): Error | null {
    return clientRefusal(this.options.clientAuth, certificate, unverified);
  }
}

export class BunClientTls implements ClientTlsContext {
  readonly role = "client";
  private readonly options: ClientTlsOptions;
  private readonly upgrade: UpgradeOptions;

  constructor(options: ClientTlsOptions) {
    this.options = options;
    const { context } = createSecureContext(clientOptions(options));
    this.upgrade = {
      secureContext: context,
      requestCert: true,
      // Bun's rejecting comes with an alert, and with a check of the name that `peerUri` replaces.
      rejectUnauthorized: options.verify && options.peerUri === undefined,
      ALPNProtocols: protocols(options.alpn),
    };
  }

  /** An address isn't sent as the server's name (RFC 6066 section 3). */
  upgradeFor(serverName: string): UpgradeOptions {
    return { ...this.upgrade, serverName: parseIp(serverName) === undefined ? serverName : "" };
  }

  refusal(host: string, certificate: Uint8Array | null, unverified: string | null): Error | null {
    return serverRefusal(this.options, host, certificate, unverified);
  }
}

function protocols(alpn: readonly string[]): Uint8Array | undefined {
  return alpn.length > 0 ? wireProtocols(alpn) : undefined;
}
