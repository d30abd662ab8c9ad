import { type Expiring, now } from "../../core/timers.ts";
import type { Exchange, HandshakeOptions } from "../../http/exchange.ts";
import type { Tunnel } from "../../http/lazy/lazy-response.ts";
import type { Address, Connection, ConnectionHandler } from "../../net/connection.ts";
import { ConnectionWriter, type WriterOwner } from "../../net/connection-writer.ts";
import type { TlsInfo } from "../../net/tls.ts";
import type { Drainable, HttpEntryPoint } from "../entry-point/http-entry-point.ts";
import {
  clientGone,
  graceTimeOver,
  LAST_WORDS,
  readTimeoutPassed,
} from "../exchange/exchange-endings.ts";
import { UNREAD } from "../exchange/response-framing.ts";
import { Http1ExchangeServer } from "./http1-exchange-server.ts";
import { Http1RequestReader } from "./http1-request-reader.ts";
import { LingeringConnection } from "./lingering-connection.ts";

const NO_BYTES = new Uint8Array(0);

/**
 * An HTTP/1.1 connection in the server role (RFC 9112), from its start to its end: one request at a
 * time is read and answered, in order.
 */
export class Http1Server implements ConnectionHandler, WriterOwner, Expiring, Drainable {
  deadline = 0;
  readonly connection: Connection;
  readonly entry: HttpEntryPoint;
  readonly remote: Address;
  readonly local: Address;
  readonly tls: TlsInfo | null;
  readonly tlsOptions: HandshakeOptions | null;
  readonly writer: ConnectionWriter;
  readonly reader: Http1RequestReader;
  private readonly exchange: Http1ExchangeServer;
  private readonly openedAt = now();
  /** The client has sent FIN. */
  private peerEnded = false;

  /** `remote` and `local` may be what a PROXY protocol header said instead of the connection's own. */
  constructor(
    connection: Connection,
    entry: HttpEntryPoint,
    remote = connection.remote,
    local = connection.local,
    tlsOptions: HandshakeOptions | null = null,
  ) {
    this.connection = connection;
    this.entry = entry;
    this.remote = remote;
    this.local = local;
    this.tls = connection.tls;
    this.tlsOptions = tlsOptions;
    this.writer = new ConnectionWriter(connection, this);
    this.exchange = new Http1ExchangeServer(this);
    this.reader = new Http1RequestReader(connection, entry.limits, this.exchange);
    this.armRead();
    entry.deadlines.add(this);
    entry.connections.add(this);
  }

  // --- the connection ---

  data(chunk: Uint8Array): void {
    this.reader.data(chunk);
    if (this.peerEnded) this.closeIfAwaiting();
  }

  drain(): void {
    this.writer.drain();
  }

  drained(): void {
    this.exchange.drained();
  }

  /** FIN: the client sends nothing more but may well wait for the answer. */
  end(): void {
    this.peerEnded = true;
    if (this.reader.body === null) this.closeIfAwaiting();
    else this.clientGone("The client closed the connection in the middle of a request body");
  }

  close(error?: Error): void {
    if (this.reader.stopped) return;
    this.clientGone(
      error === undefined
        ? "The client closed the connection"
        : `The client's connection failed: ${error.message}`,
    );
  }

  // --- behind a response ---

  /** The response is sent, and another request may follow. */
  nextRequest(): void {
    this.deadline = this.entry.deadlines.after(this.entry.idleTimeout);
    this.reader.next();
    if (this.peerEnded) this.closeIfAwaiting();
  }

  /** The response is sent, and nothing may follow. */
  lastResponseSent(): void {
    const { body } = this.reader;
    this.leave();
    if (this.peerEnded) this.connection.close();
    else this.linger();
    // Somebody may still be reading it.
    body?.fail(UNREAD);
  }

  /** What the entrypoint has to say of whether a request may follow the present one. */
  get mayPersist(): boolean {
    const { draining, keepAliveMaxRequests, keepAliveMaxTime } = this.entry;
    if (draining || this.reader.requests >= keepAliveMaxRequests) return false;
    return keepAliveMaxTime === 0 || now() - this.openedAt < keepAliveMaxTime;
  }

  // --- the end ---

  /** Neither reads any more nor looks at the time. Returns what the client sent behind the present request. */
  leave(): Uint8Array | null {
    this.deadline = 0;
    this.entry.deadlines.remove(this);
    this.entry.connections.delete(this);
    return this.reader.stop();
  }

  linger(): void {
    new LingeringConnection(this.entry, this.connection, this.writer);
  }

  /** Behind a 101 the connection is the tunnel's. */
  join(tunnel: Tunnel, exchange: Exchange): void {
    const early = this.leave() ?? NO_BYTES;
    this.entry.join(this.connection, this.writer, early, this.peerEnded, tunnel, exchange);
  }

  clientGone(reason: string): void {
    this.exchange.breakOff(clientGone(reason));
    this.connection.reset();
  }

  private closeIfAwaiting(): void {
    if (this.reader.awaiting) this.closeNow();
  }

  private closeNow(): void {
    this.leave();
    this.connection.close();
  }

  /** Graceful shutdown: an idle connection closes now, a busy one after its response. */
  drainConnection(): void {
    this.exchange.beLast();
    if (this.reader.idle) this.closeNow();
  }

  /** The grace time is over. */
  cutConnection(): void {
    this.exchange.breakOff(graceTimeOver());
    this.connection.reset();
  }

  // --- time limits ---

  /** Traefik's readTimeout: from a request's first byte (or the connection's start) to its last. */
  armRead(): void {
    this.deadline = this.entry.deadlines.after(this.entry.readTimeout);
  }

  /** Traefik's writeTimeout: from the request's end to the response's. */
  armWrite(): void {
    this.deadline = this.entry.deadlines.after(this.entry.writeTimeout);
  }

  armLastWords(): void {
    this.deadline = this.entry.deadlines.after(LAST_WORDS);
  }

  expired(): void {
    if (this.exchange.underWay) this.exchange.expired();
    else if (this.reader.inHead) this.reader.refuse(readTimeoutPassed("head"));
    else this.closeNow();
  }
}
