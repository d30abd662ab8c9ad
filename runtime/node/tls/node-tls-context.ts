import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import type {
  ClientTlsContext,
  ClientTlsOptions,
  KeyPair,
  ServerTlsContext,
  ServerTlsOptions,
} from "../../../src/net/tls.ts";
import { wireProtocols } from "./alpn.ts";
import {
  CLIENT_AUTH,
  chainProblem,
  SERVER_AUTH,
  systemAnchors,
  TrustAnchors,
} from "./chain-check.ts";
import { clientRefusal, serverRefusal } from "./peer-check.ts";
import { clientOptions, serverOptions } from "./tls-options.ts";

/** What a peer's certificates were, and what the library thinks of them. */
export interface Peer {
  /** In DER, its own first. Empty for none. */
  readonly chain: readonly Uint8Array[];
  readonly unverified: string | null;
}

/** The server role, by way of Deno's node:tls, which is rustls. */
export class NodeServerTls implements ServerTlsContext {
  readonly role = "server";
  readonly secureContext: SecureContext;
  readonly requestCert: boolean;
  /** Sends an alert to clients without a certificate; what else is refused is for `refusal` to say. */
  readonly rejectUnauthorized: boolean;
  readonly alpn: string[] | undefined;
  private readonly options: ServerTlsOptions;
  private readonly anchors: TrustAnchors;

  constructor(options: ServerTlsOptions) {
    const { clientAuth, alpn } = options;
    refuseUnsupported(options);
    if (!options.sessionTickets) throw unsupported("sessionTickets false");
    checkKeyPair(options.keyPair);
    this.options = options;
    this.secureContext = createSecureContext(serverOptions(options));
    this.anchors = new TrustAnchors(options.clientCAs);
    this.requestCert = clientAuth !== "none";
    this.rejectUnauthorized = clientAuth === "require-any" || clientAuth === "require-and-verify";
    this.alpn = protocols(alpn);
  }

  refusal({ chain, unverified }: Peer): Error | null {
    const { clientAuth } = this.options;
    const verifies = clientAuth === "verify-if-given" || clientAuth === "require-and-verify";
    const problem =
      verifies && unverified === null && chain.length > 0
        ? chainProblem(chain, this.anchors, CLIENT_AUTH)
        : unverified;
    return clientRefusal(clientAuth, chain[0] ?? null, problem);
  }
}

/** The client role; see `NodeServerTls`. */
export class NodeClientTls implements ClientTlsContext {
  readonly role = "client";
  readonly secureContext: SecureContext;
  readonly alpn: string[] | undefined;
  readonly verify: boolean;
  private readonly options: ClientTlsOptions;
  private readonly anchors: TrustAnchors | null;

  constructor(options: ClientTlsOptions) {
    const { rootCAs, verify, alpn, keyPair } = options;
    refuseUnsupported(options);
    if (keyPair !== undefined) checkKeyPair(keyPair);
    this.options = options;
    this.secureContext = createSecureContext(clientOptions(options));
    this.verify = verify;
    this.anchors = rootCAs === undefined ? null : new TrustAnchors(rootCAs);
    this.alpn = protocols(alpn);
  }

  refusal(host: string, { chain, unverified }: Peer): Error | null {
    const problem =
      this.verify && unverified === null && chain.length > 0
        ? chainProblem(chain, this.anchors ?? systemAnchors(), SERVER_AUTH)
        : unverified;
    return serverRefusal(this.options, host, chain[0] ?? null, problem);
  }
}

function protocols(alpn: readonly string[]): string[] | undefined {
  // What can't be sent throws.
  return wireProtocols(alpn).length > 0 ? [...alpn] : undefined;
}

/** Deno's node:tls takes these and ignores them. */
function refuseUnsupported(options: ServerTlsOptions | ClientTlsOptions): void {
  const { minVersion, maxVersion, cipherSuites, curves } = options;
  if (minVersion === "1.0" || minVersion === "1.1") throw unsupported(`minVersion ${minVersion}`);
  if (maxVersion === "1.0" || maxVersion === "1.1") throw unsupported(`maxVersion ${maxVersion}`);
  if (cipherSuites?.length) throw unsupported("cipherSuites");
  if (curves?.length) throw unsupported("curvePreferences");
}

function unsupported(option: string): Error {
  return new Error(`TLS: ${option} is not supported on Deno`);
}

/** What rustls signs with; of curves those of TLS 1.3. */
const KEYS = new Set(["rsa", "ed25519", "ec prime256v1", "ec secp384r1", "ec secp521r1"]);

/** Deno's node:tls says nothing of a pair that doesn't fit, or of a kind that it can't use, until a client comes. */
function checkKeyPair({ certificate, privateKey }: KeyPair): void {
  const leaf = new X509Certificate(certificate);
  const key = createPrivateKey(privateKey);
  if (!leaf.checkPrivateKey(key)) {
    throw new Error("the private key is not that of the certificate");
  }
  const { asymmetricKeyType = "", asymmetricKeyDetails } = key;
  const kind = `${asymmetricKeyType} ${asymmetricKeyDetails?.namedCurve ?? ""}`.trim();
  if (!KEYS.has(kind)) throw unsupported(`a private key of the kind "${kind}"`);
}
