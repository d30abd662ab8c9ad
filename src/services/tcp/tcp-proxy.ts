import { ByteQueue } from "../../core/byte-queue.ts";
import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { Deadlines, Expiring } from "../../core/timers.ts";
import { formatAddress } from "../../net/address.ts";
import type { Connection, ConnectionHandler } from "../../net/connection.ts";
import { proxyProtocolHeader } from "../../net/proxy-protocol/proxy-protocol-header.ts";
import { relay } from "../../net/relay.ts";
import type { Dial, DialHandler, Runtime } from "../../net/runtime.ts";
import type { AcceptedConnection, TcpHandler } from "../../net/tcp-handler.ts";
import type { ClientTlsContext } from "../../net/tls.ts";

/** A server of a TCP service, and how to reach it. Times in milliseconds. */
export interface TcpServer {
  /** Or a Unix socket's path. */
  readonly hostname: string;
  readonly port: number;
  /** 0 for no limit; TLS handshake included. */
  readonly dialTimeout: number;
  /** See RelayOptions.terminationDelay. */
  readonly terminationDelay: number;
  /** The version of the header that the server gets first, before a TLS handshake too. */
  readonly proxyProtocol: 1 | 2 | undefined;
  readonly tls: { readonly context: ClientTlsContext; readonly serverName: string } | undefined;
}

export interface TcpProxyContext {
  readonly connect: Runtime["connect"];
  readonly deadlines: Deadlines;
  readonly logger: Logger;
}

/** Bytes that a client may send while its server is being dialled before it is no longer read. */
const WATERMARK = 64 * 1024;

/**
 * Joins connections to one server, byte for byte. A client whose server can't be reached is closed,
 * as in Traefik. Source: pkg/tcp/proxy.go.
 */
export function tcpProxy(server: TcpServer, context: TcpProxyContext): TcpHandler {
  return (accepted) => {
    PendingTcpDial.start(accepted, server, context);
  };
}

/** A client who waits, read but not answered, for the connection to its server. */
class PendingTcpDial implements ConnectionHandler, DialHandler, Expiring {
  deadline: number;
  private readonly accepted: AcceptedConnection;
  private readonly client: Connection;
  private readonly server: TcpServer;
  private readonly context: TcpProxyContext;
  private dial!: Dial;
  private readonly early = new ByteQueue();
  private paused = false;
  private ended = false;

  private constructor(accepted: AcceptedConnection, server: TcpServer, context: TcpProxyContext) {
    this.accepted = accepted;
    this.client = accepted.connection;
    this.server = server;
    this.context = context;
    this.deadline = context.deadlines.after(server.dialTimeout);
    this.early.push(accepted.early);
  }

  /** Takes the client's connection over and dials. */
  static start(accepted: AcceptedConnection, server: TcpServer, context: TcpProxyContext): void {
    const pending = new PendingTcpDial(accepted, server, context);
    accepted.connection.handler = pending;
    accepted.cut = () => {
      pending.stop();
      accepted.connection.reset();
    };
    context.deadlines.add(pending);
    const { hostname, port, tls, proxyProtocol } = server;
    // The server reads who its client is before it answers a ClientHello.
    const preface =
      proxyProtocol === undefined
        ? undefined
        : proxyProtocolHeader(proxyProtocol, accepted.remote, accepted.local);
    pending.dial = context.connect({ hostname, port, preface, tls }, pending);
  }

  // --- the client, meanwhile ---

  data(chunk: Uint8Array): void {
    this.early.push(chunk);
    if (this.early.length < WATERMARK || this.paused) return;
    this.paused = true;
    this.client.pause();
  }

  drain(): void {}

  end(): void {
    this.ended = true;
  }

  close(): void {
    this.stop();
    this.accepted.closed();
  }

  // --- the server ---

  connected(upstream: Connection): ConnectionHandler {
    const { accepted, client, server, context } = this;
    context.deadlines.remove(this);
    accepted.cut = () => {
      client.reset();
      upstream.reset();
    };
    relay(client, upstream, {
      earlyFromA: this.early.take(),
      endedA: this.ended,
      terminationDelay: server.terminationDelay,
      deadlines: context.deadlines,
      onClose: () => accepted.closed(),
    });
    return upstream.handler;
  }

  failed(error: Error): void {
    this.giveUp(messageOf(error));
  }

  expired(): void {
    this.dial.cancel();
    this.giveUp("no connection within the dialTimeout");
  }

  private giveUp(error: string): void {
    const { server, accepted, context } = this;
    context.logger.error("Error while dialing the server", {
      address: formatAddress({ ip: server.hostname, port: server.port }),
      remote: accepted.remote.ip,
      error,
    });
    context.deadlines.remove(this);
    // Its `close` follows.
    this.client.close();
  }

  private stop(): void {
    this.context.deadlines.remove(this);
    this.dial.cancel();
  }
}
