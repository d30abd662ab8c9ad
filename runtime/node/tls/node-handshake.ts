import type { Socket } from "node:net";
import { connect, TLSSocket } from "node:tls";
import { parseIp } from "../../../src/net/address.ts";
import type { Connection } from "../../../src/net/connection.ts";
import type { Dial, HandshakeHandler } from "../../../src/net/runtime.ts";
import type { ServerTlsContext, TlsInfo } from "../../../src/net/tls.ts";
import type { NodeConnection } from "../node-connection.ts";
import { TransportStream } from "../transport-stream.ts";
import { reportUncaught } from "../uncaught.ts";
import { ianaName } from "./cipher-names.ts";
import { NodeTlsConnection } from "./node-tls-connection.ts";
import type { NodeClientTls, NodeServerTls, Peer } from "./node-tls-context.ts";
import { handshakeError } from "./tls-errors.ts";
import { tlsVersion } from "./tls-version.ts";

const NO_BYTES = new Uint8Array(0);

/** What a TLSSocket has besides what Node documents. */
interface TlsHandle {
  /** A code such as CERT_HAS_EXPIRED; "" for none. */
  verifyError(): string;
  getPeerCertificateChain(): { readonly certificates: readonly Uint8Array[] } | null;
}

/** See `Runtime.startTls`. */
export function nodeStartTls(
  connection: Connection,
  context: ServerTlsContext,
  early: Uint8Array,
  handler: HandshakeHandler,
): Dial {
  const server = context as NodeServerTls;
  const { secureContext, requestCert, rejectUnauthorized, alpn } = server;
  return new NodeHandshake(connection as NodeConnection, early, handler, {
    event: "secure",
    wrap: (transport) =>
      new TLSSocket(transport, {
        isServer: true,
        secureContext,
        requestCert,
        rejectUnauthorized,
        ALPNProtocols: alpn,
      }),
    refusal: (peer) => server.refusal(peer),
  });
}

/** The client role, right after the connection was made. The certificate must be for `host`. */
export function nodeClientHandshake(
  connection: NodeConnection,
  context: NodeClientTls,
  serverName: string,
  host: string,
  handler: HandshakeHandler,
): Dial {
  return new NodeHandshake(connection, NO_BYTES, handler, {
    event: "secureConnect",
    wrap: (transport) =>
      connect({
        socket: transport,
        secureContext: context.secureContext,
        // An address isn't sent as the server's name (RFC 6066 section 3).
        servername: parseIp(serverName) === undefined ? serverName : "",
        ALPNProtocols: context.alpn,
        rejectUnauthorized: context.verify,
        // The name is for the context to check.
        checkServerIdentity: () => undefined,
      }),
    refusal: (peer) => context.refusal(host, peer),
  });
}

/** What the two roles differ in. */
interface Role {
  /** Emitted when the handshake is done. */
  readonly event: "secure" | "secureConnect";
  wrap(transport: TransportStream): TLSSocket;
  refusal(peer: Peer): Error | null;
}

/** A handshake under way, on a plain connection's socket. */
class NodeHandshake implements Dial {
  private readonly connection: NodeConnection;
  private handler: HandshakeHandler | null;
  private readonly role: Role;
  private raw: Socket | null;
  private socket: TLSSocket | null = null;

  constructor(
    connection: NodeConnection,
    early: Uint8Array,
    handler: HandshakeHandler,
    role: Role,
  ) {
    this.connection = connection;
    this.handler = handler;
    this.role = role;
    this.raw = connection.surrender(early);
    if (this.raw === null) {
      queueMicrotask(() => this.fail(handshakeError(null)));
      return;
    }
    try {
      const transport = new TransportStream(this.raw);
      const socket = role.wrap(transport);
      this.socket = socket;
      const fail = (error?: Error) => this.fail(handshakeError(error ?? null));
      socket.on("error", fail);
      // Undocumented: where errors go before a server of node:tls has let go of its socket.
      socket.on("_tlsError", fail);
      socket.once("close", () => fail());
      // No code reads from the TLSSocket yet, which therefore says nothing of an end.
      transport.once("end", () => setImmediate(fail));
      socket.once(role.event, () => this.finished(socket, transport));
    } catch (error) {
      this.raw.destroy();
      queueMicrotask(() => this.fail(error));
    }
  }

  cancel(): void {
    if (this.handler === null) return;
    this.handler = null;
    this.drop();
  }

  private finished(socket: TLSSocket, transport: TransportStream): void {
    const { handler } = this;
    if (handler === null) return;
    const info = this.judge(socket);
    if (info instanceof Error) {
      this.fail(info);
      return;
    }
    this.handler = null;
    const secured = new NodeTlsConnection(socket, transport, this.connection, info);
    try {
      secured.handler = handler.secured(secured);
    } catch (thrown) {
      secured.failed(thrown);
    }
  }

  private judge(socket: TLSSocket): TlsInfo | Error {
    try {
      const handle = (socket as unknown as { _handle: TlsHandle })._handle;
      const chain = (handle.getPeerCertificateChain()?.certificates ?? []).map(
        (der) => new Uint8Array(der),
      );
      const unverified = handle.verifyError() || null;
      return (
        this.role.refusal({ chain, unverified }) ??
        infoOf(socket, chain, this.role.event === "secure")
      );
    } catch (error) {
      // A certificate that can't be read.
      return error as Error;
    }
  }

  private fail(error: unknown): void {
    const { handler } = this;
    if (handler === null) return;
    this.handler = null;
    this.drop();
    try {
      handler.failed(error as Error);
    } catch (thrown) {
      reportUncaught(thrown);
    }
  }

  private drop(): void {
    this.raw?.resetAndDestroy();
    this.socket?.destroy();
  }
}

function infoOf(socket: TLSSocket, chain: readonly Uint8Array[], isServer: boolean): TlsInfo {
  const { servername } = socket as unknown as { servername?: string | false | null };
  return {
    version: tlsVersion(socket.getProtocol() ?? ""),
    cipher: ianaName(socket.getCipher().name),
    serverName: (servername || "").toLowerCase(),
    alpn: socket.alpnProtocol || "",
    peerCertificate: chain[0] ?? null,
    peerChain: isServer ? chain.slice(1) : [],
  };
}
