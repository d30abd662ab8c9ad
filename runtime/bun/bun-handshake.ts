import type { Socket } from "bun";
import type { Connection } from "../../src/net/connection.ts";
import type { Dial, HandshakeHandler } from "../../src/net/runtime.ts";
import type { ServerTlsContext, TlsInfo } from "../../src/net/tls.ts";
import { certificateNames } from "../../src/tls/x509/certificate-names.ts";
import { codeOf } from "../node/system-error.ts";
import { ianaName } from "../node/tls/cipher-names.ts";
import { handshakeError } from "../node/tls/tls-errors.ts";
import { tlsVersion } from "../node/tls/tls-version.ts";
import { reportUncaught } from "../node/uncaught.ts";
import type { BunConnection } from "./bun-connection.ts";
import { BunTlsConnection } from "./bun-tls-connection.ts";
import type { BunClientTls, BunServerTls } from "./bun-tls-context.ts";

/** What a Bun TLS socket offers that its types don't show. */
type TlsSocket = Socket<TlsData> & {
  getPeerX509Certificate(): { readonly raw: Uint8Array } | undefined;
  /** With the certificates behind it where it isn't `abbreviated`. */
  getPeerCertificate(abbreviated: boolean): ChainLink | undefined;
};

/** A certificate, and the one that signed it: itself at the end, or none. */
interface ChainLink {
  readonly raw?: Uint8Array;
  readonly issuerCertificate?: ChainLink;
}

/** Who has a TLS socket's events: its handshake, then its connection. */
type TlsData = BunHandshake | BunTlsConnection;

/** Codes of handshakes that didn't come to their end. */
const UNFINISHED = new Set(["", "EPROTO", "ECONNRESET"]);
/** Certificates behind a client's own. */
const LONGEST_CHAIN = 16;
const NO_BYTES = new Uint8Array(0);
const WRONG_NAME = "ERR_TLS_CERT_ALTNAME_INVALID";

/** See `Runtime.startTls`. */
export function bunStartTls(
  connection: Connection,
  context: ServerTlsContext,
  early: Uint8Array,
  handler: HandshakeHandler,
): Dial {
  return new BunServerHandshake(
    connection as BunConnection,
    context as BunServerTls,
    early,
    handler,
  );
}

/** A handshake under way, on a plain connection's socket. */
abstract class BunHandshake implements Dial {
  private readonly connection: BunConnection;
  private handler: HandshakeHandler | null;
  private socket: TlsSocket | null = null;

  constructor(connection: BunConnection, handler: HandshakeHandler) {
    this.connection = connection;
    this.handler = handler;
  }

  protected abstract completed(success: boolean, error: Error | null): boolean;
  /** Why the peer's certificate won't do; null where it does, or where none was asked for. */
  protected abstract refusal(
    certificate: Uint8Array | null,
    unverified: Error | null,
  ): Error | null;

  /** What the peer sent behind its certificate. */
  protected chainOf(_socket: TlsSocket): readonly Uint8Array[] {
    return [];
  }

  cancel(): void {
    this.handler = null;
    this.socket?.terminate();
  }

  /** Takes the socket over; `early` is what was read of it. */
  protected start(isServer: boolean, tls: object, early: Uint8Array): void {
    const given = this.connection.surrender(early);
    if (given === null) {
      queueMicrotask(() => this.fail(handshakeError(null)));
      return;
    }
    try {
      // `isServer` and `initialData` are undocumented: they are for Bun's own node:tls.
      const initialData = given.early.length > 0 ? given.early : undefined;
      const options = { isServer, tls, initialData, data: this, socket: EVENTS };
      const [, socket] = given.socket.upgradeTLS(options as never);
      this.socket = socket as unknown as TlsSocket;
    } catch (error) {
      given.socket.terminate();
      queueMicrotask(() => this.fail(error));
    }
  }

  /** The handshake is over, one way or the other. */
  finished(socket: TlsSocket, success: boolean, error: Error | null): void {
    const { handler } = this;
    if (handler === null) {
      socket.terminate();
      return;
    }
    const info = this.completed(success, error) ? this.judge(socket, error) : handshakeError(error);
    if (info instanceof Error) {
      // First, because the socket's `close` comes before `terminate` returns.
      this.fail(info);
      socket.terminate();
      return;
    }
    this.handler = null;
    const { remote, local } = this.connection;
    const secured = new BunTlsConnection(socket, remote, local, info);
    socket.data = secured;
    try {
      secured.handler = handler.secured(secured);
    } catch (thrown) {
      secured.failed(thrown);
    }
  }

  /** The socket closed before the handshake was over. */
  gone(error?: Error): void {
    this.fail(handshakeError(error ?? null));
  }

  private judge(socket: TlsSocket, unverified: Error | null): TlsInfo | Error {
    try {
      const peerCertificate = derOf(socket);
      const refusal = this.refusal(peerCertificate, unverified);
      return refusal ?? infoOf(socket, peerCertificate, this.chainOf(socket));
    } catch (error) {
      // A certificate that can't be read.
      return error as Error;
    }
  }

  private fail(error: unknown): void {
    const { handler } = this;
    this.handler = null;
    try {
      handler?.failed(error as Error);
    } catch (thrown) {
      reportUncaught(thrown);
    }
  }
}

class BunServerHandshake extends BunHandshake {
  private readonly context: BunServerTls;

  constructor(
    connection: BunConnection,
    context: BunServerTls,
    early: Uint8Array,
    handler: HandshakeHandler,
  ) {
    super(connection, handler);
    this.context = context;
    this.start(true, context.upgrade, early);
  }

  protected completed(success: boolean): boolean {
    return success;
  }

  protected refusal(certificate: Uint8Array | null, unverified: Error | null): Error | null {
    return this.context.refusal(certificate, unverified?.message ?? null);
  }

  /**
   * Bun adds what its store has to what the client sent, and doesn't say which is which: authorities that
   * are trusted, and those that have signed themselves, are taken for the store's.
   */
  protected override chainOf(socket: TlsSocket): readonly Uint8Array[] {
    if (!this.context.upgrade.requestCert) return [];
    const chain: Uint8Array[] = [];
    let link = socket.getPeerCertificate(false)?.issuerCertificate;
    for (; link?.raw !== undefined && chain.length < LONGEST_CHAIN; link = link.issuerCertificate) {
      const der = new Uint8Array(link.raw);
      if (this.context.isAuthority(der) || isSelfIssued(der)) break;
      chain.push(der);
    }
    return chain;
  }
}

/** The client role, right after the connection was made. */
export class BunClientHandshake extends BunHandshake {
  private readonly context: BunClientTls;
  private readonly host: string;

  /** `host` is what the certificate is checked against where there is no `serverName`. */
  constructor(
    connection: BunConnection,
    context: BunClientTls,
    serverName: string,
    host: string,
    handler: HandshakeHandler,
  ) {
    super(connection, handler);
    this.context = context;
    this.host = serverName || host;
    this.start(false, context.upgradeFor(serverName), NO_BYTES);
  }

  /**
   * Of a server that isn't trusted Bun says that the handshake failed, even where it was told not
   * to reject it: then the handshake is done, and the error is its opinion of the certificate.
   */
  protected completed(success: boolean, error: Error | null): boolean {
    return success || !(error === null || UNFINISHED.has(codeOf(error) ?? ""));
  }

  protected refusal(certificate: Uint8Array | null, unverified: Error | null): Error | null {
    // The name is for the context to check. Of a chain that isn't trusted Bun says that first.
    const reason = codeOf(unverified) === WRONG_NAME ? null : (unverified?.message ?? null);
    return this.context.refusal(this.host, certificate, reason);
  }
}

function isSelfIssued(der: Uint8Array): boolean {
  const { subject, issuer } = certificateNames(der);
  return JSON.stringify(subject) === JSON.stringify(issuer);
}

function infoOf(
  socket: TlsSocket,
  peerCertificate: Uint8Array | null,
  peerChain: readonly Uint8Array[],
): TlsInfo {
  const { name } = socket.getCipher() as { name: string };
  return {
    version: tlsVersion(socket.getTLSVersion()),
    cipher: ianaName(name),
    serverName: String(socket.getServername() || "").toLowerCase(),
    alpn: socket.alpnProtocol || "",
    peerCertificate,
    peerChain,
  };
}

/** A copy: the certificate's own bytes go with its socket. */
function derOf(socket: TlsSocket): Uint8Array | null {
  const raw = socket.getPeerX509Certificate()?.raw;
  return raw === undefined ? null : new Uint8Array(raw);
}

/** What is done with a TLS socket's events, whatever has them. */
const EVENTS: Bun.SocketHandler<TlsData, "uint8array"> = {
  binaryType: "uint8array",
  // Before the handshake.
  open() {},
  handshake(socket, success, error) {
    const { data } = socket;
    if (data instanceof BunHandshake) data.finished(socket as TlsSocket, success, error);
  },
  data({ data }, chunk) {
    if (data instanceof BunTlsConnection) data.received(chunk);
  },
  drain({ data }) {
    if (data instanceof BunTlsConnection) data.writable();
  },
  end({ data }) {
    if (data instanceof BunTlsConnection) data.ended();
    else data.gone();
  },
  close({ data }, error) {
    data.gone(error);
  },
  // Of the TLS library, about what the peer sent: handlers that throw don't get here.
  error(socket, error) {
    socket.data.gone(error);
    socket.terminate();
  },
};
