import type { ProxyError } from "../../core/errors.ts";
import type { Exchange, HandshakeOptions } from "../../http/exchange.ts";
import type { Tunnel } from "../../http/lazy/lazy-response.ts";
import type { Connection, ConnectionHandler } from "../../net/connection.ts";
import { ConnectionWriter, type WriterOwner } from "../../net/connection-writer.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import { Framing, type RequestHead } from "../../wire/http1/message.ts";
import type { HttpEntryPoint } from "../entry-point/http-entry-point.ts";
import { ExchangeDriver } from "../exchange/exchange-driver.ts";
import {
  clientGone,
  DRAIN_MOMENT,
  graceTimeOver,
  readTimeoutPassed,
} from "../exchange/exchange-endings.ts";
import { ServerConnection } from "../exchange/server-connection.ts";
import { Http1RequestReader, type RequestOwner } from "./http1-request-reader.ts";
import { Http1Wire } from "./http1-wire.ts";
import { LingeringConnection } from "./lingering-connection.ts";

const NO_BYTES = new Uint8Array(0);

/**
 * An HTTP/1.1 connection in the server role (RFC 9112), from its start to its end: one request at a
 * time is read and answered, in order.
 */
export class Http1Connection
  extends ServerConnection
  implements ConnectionHandler, WriterOwner, RequestOwner
{
  private readonly connection: Connection;
  private readonly writer: ConnectionWriter;
  private readonly reader: Http1RequestReader;
  private readonly wire: Http1Wire;
  private readonly driver: ExchangeDriver;
  /** For the rest of a head, or its first byte; 0 for none. */
  private headDeadline: number;
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
    super(entry, remote, local, connection.tls, tlsOptions);
    this.connection = connection;
    this.writer = new ConnectionWriter(connection, this);
    this.wire = new Http1Wire(this, this.writer);
    this.driver = new ExchangeDriver(this, this.wire);
    this.reader = new Http1RequestReader(connection, entry.limits, this);
    // One that came from a handshake while the entrypoint was shutting down has no time to be idle.
    this.headDeadline = this.expectIn(entry.draining ? DRAIN_MOMENT : entry.readTimeout);
  }

  // --- the connection ---

  data(chunk: Uint8Array): void {
    const { driver } = this;
    const body = driver.incoming;
    this.reader.data(chunk);
    // In the middle of a body the chunk brought nothing else.
    if (body !== null && body === driver.incoming && body.released) this.connection.recycle(chunk);
  }

  drain(): void {
    this.writer.drain();
  }

  drained(): void {
    this.wire.drained(this.driver);
  }

  /** FIN. */
  end(): void {
    this.peerEnded = true;
    this.heedEnd();
  }

  /**
   * What the client's FIN means now. The usual client is gone and not waiting for an answer, which a
   * half close looks the same as: like Go's server and Traefik, the request is given up. Requests that
   * came before the FIN are answered as long as another one waits behind them.
   */
  private heedEnd(): void {
    const { reader } = this;
    if (reader.awaiting) this.closeNow();
    else if (reader.hasMore) return;
    else if (!reader.receiving) this.driver.clientEnded();
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

  pauseReading(): void {
    this.connection.pause();
  }

  resumeReading(): void {
    this.connection.resume();
  }

  // --- requests, as the reader finds them ---

  /** Traefik's readTimeout: from a request's first byte (or the connection's start) to its last. */
  requestBegins(): void {
    this.headDeadline = this.expectIn(this.entry.readTimeout);
  }

  requestHead(head: RequestHead): void {
    const { driver } = this;
    this.requests++;
    this.wire.begin(head, !this.entry.draining && !this.worn);
    driver.begin(head.method, head.target, this.headDeadline);
    if (head.framing === Framing.none) return;
    driver.bodyFollows(head.framing === Framing.length ? head.contentLength : -1);
  }

  requestData(bytes: Uint8Array, start: number, end: number): void {
    this.driver.requestData(bytes, start, end);
  }

  requestEnd(trailers: HeaderList | null): void {
    this.driver.requestEnd(trailers);
  }

  requestRead(): void {
    this.driver.proceed();
    if (this.peerEnded && !this.reader.stopped) this.heedEnd();
  }

  /** Answered where that is still possible; in any case the connection's last. Nothing more is read before that. */
  requestBroken(error: ProxyError): void {
    this.connection.pause();
    this.driver.requestBroken(error);
  }

  // --- behind a response ---

  /** The end of the response waits for the connection. */
  expectDrained(): void {
    this.driver.expectNext(this.entry.writeTimeout);
  }

  /** The response is sent, and another request may follow. */
  nextRequest(): void {
    this.headDeadline = this.expectIn(this.entry.idleTimeout);
    this.reader.next();
    if (this.peerEnded && this.reader.awaiting) this.closeNow();
  }

  /** The response is sent, and nothing may follow. */
  lastResponseSent(): void {
    this.leave();
    if (this.peerEnded) this.connection.close();
    else this.linger();
  }

  // --- the end ---

  /** Neither reads any more nor looks at the time. Returns what the client sent behind the present request. */
  leave(): Uint8Array | null {
    this.forget();
    return this.reader.stop();
  }

  private linger(): void {
    new LingeringConnection(this.entry, this.connection, this.writer);
  }

  /** No more of the response comes. `clean`: what there is of it is delivered, and the framing says that it isn't all. */
  abandon(clean: boolean): void {
    this.leave();
    if (clean) this.linger();
    else this.connection.reset();
  }

  /** Behind a 101 the connection is the tunnel's. */
  join(tunnel: Tunnel, exchange: Exchange): void {
    const early = this.leave() ?? NO_BYTES;
    this.entry.join(this.connection, this.writer, early, this.peerEnded, tunnel, exchange);
  }

  private clientGone(reason: string): void {
    this.breakOff(clientGone(reason));
  }

  private breakOff(error: ProxyError): void {
    this.leave();
    this.driver.breakOff(error);
    this.connection.reset();
  }

  private closeNow(): void {
    this.leave();
    this.connection.close();
  }

  /**
   * Graceful shutdown: a busy connection closes behind its response, which says so, and an idle one
   * behind the response to a request that was on its way, if there was one.
   */
  drainConnection(): void {
    this.wire.endAfterResponse();
    if (this.reader.idle) this.headDeadline = this.expectIn(DRAIN_MOMENT);
  }

  /** The grace time is over. */
  cutConnection(): void {
    this.breakOff(graceTimeOver());
  }

  // --- time limits ---

  expired(): void {
    const { driver, reader } = this;
    if (driver.underWay || this.wire.flushing) {
      if (this.passed(driver.due)) driver.expired();
    } else if (this.passed(this.headDeadline)) {
      if (reader.inHead) reader.refuse(readTimeoutPassed("head"));
      else this.closeNow();
    }
  }
}
