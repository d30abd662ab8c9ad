import { latin1Bytes } from "../../core/bytes.ts";
import type { Body } from "../../http/body.ts";
import { writeBodyChunk, writeBodyEnd } from "../../http/body-framing.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { LazyRequest } from "../../http/lazy/lazy-request.ts";
import { LazyResponse, type Tunnel } from "../../http/lazy/lazy-response.ts";
import type { ConnectionWriter } from "../../net/connection-writer.ts";
import { BodyLength } from "../../wire/body-length.ts";
import { HeaderList } from "../../wire/header-list.ts";
import type { RequestHead } from "../../wire/http1/message.ts";
import type { ExchangeDriver } from "../exchange/exchange-driver.ts";
import { Reset, type ResponseWire, Taken } from "../exchange/response-wire.ts";
import { requestFromHead } from "./request-from-head.ts";
import { Persistence, writeResponseHead } from "./response-head.ts";

const CONTINUE = latin1Bytes("HTTP/1.1 100 Continue\r\n\r\n");

/** The connection, as its wire asks things of it. */
export interface Http1WireOwner {
  pauseReading(): void;
  resumeReading(): void;
  /** The end of the response waits for the connection. */
  expectDrained(): void;
  /** The response is sent, and another request may follow. */
  nextRequest(): void;
  /** The response is sent, and nothing may follow. */
  lastResponseSent(): void;
  /** No more of the response comes. `clean`: what there is of it is delivered, and the framing says that it isn't all. */
  abandon(clean: boolean): void;
  /** Neither reads any more nor looks at the time. */
  leave(): void;
  /** Behind a 101 the connection is the tunnel's. */
  join(tunnel: Tunnel, exchange: Exchange): void;
}

/** Exchanges on an HTTP/1.x connection, one after the other (RFC 9112): heads, framing, persistence. */
export class Http1Wire implements ResponseWire {
  protocol = "HTTP/1.1";
  /** Another request may follow the present response, whose head says so. */
  private keepAlive = true;
  /** The response's end waits for the connection; the exchange is finished. */
  flushing = false;
  private readonly connection: Http1WireOwner;
  private readonly writer: ConnectionWriter;
  private requestHead: RequestHead | null = null;
  private requestFields: HeaderList | null = null;
  private chunked = false;

  constructor(connection: Http1WireOwner, writer: ConnectionWriter) {
    this.connection = connection;
    this.writer = writer;
  }

  get backlogged(): boolean {
    return this.writer.backlogged;
  }

  // --- the request ---

  /** A head has arrived. `mayPersist`: the entrypoint has nothing against another request behind it. */
  begin(head: RequestHead, mayPersist: boolean): void {
    this.requestHead = head;
    this.requestFields = HeaderList.received(head.bytes, head.fields);
    this.protocol = head.minor === 1 ? "HTTP/1.1" : "HTTP/1.0";
    this.keepAlive = head.keepAlive && mayPersist;
  }

  request(exchange: Exchange, body: Body | null): LazyRequest {
    const head = this.requestHead!;
    const fields = this.requestFields!;
    this.requestHead = null;
    this.requestFields = null;
    return requestFromHead(exchange, head, fields, body);
  }

  pauseRequest(): void {
    this.connection.pauseReading();
  }

  resumeRequest(): void {
    this.connection.resumeReading();
  }

  // --- the response ---

  interim(status: number, headers: HeaderList | null): void {
    // HTTP/1.0 has none (RFC 9110 section 15.2).
    if (this.protocol === "HTTP/1.0") return;
    const { writer } = this;
    if (headers === null && status === 100) {
      writer.write(CONTINUE, 0, CONTINUE.length);
    } else {
      const response = new LazyResponse(status, headers ?? new HeaderList(), null);
      writeResponseHead(writer, response, BodyLength.unsaid, Persistence.implied);
    }
    writer.flush();
  }

  head(response: LazyResponse, _method: string, length: number, end: boolean): Taken {
    const old = this.protocol === "HTTP/1.0";
    let said = length;
    this.chunked = length === BodyLength.open && !old;
    if (length === BodyLength.open && old) {
      // Only the connection's end says where this body ends.
      this.keepAlive = false;
      said = BodyLength.unsaid;
    }
    writeResponseHead(
      this.writer,
      response,
      said,
      !this.keepAlive ? Persistence.close : old ? Persistence.keepAlive : Persistence.implied,
    );
    return end ? this.resume() : Taken.all;
  }

  write(bytes: Uint8Array, start: number, end: number): Taken {
    writeBodyChunk(this.writer, bytes, start, end, this.chunked);
    return this.writer.backlogged ? Taken.backlog : Taken.all;
  }

  get holdsBytes(): boolean {
    return this.writer.congested;
  }

  flush(): Taken {
    this.writer.flush();
    return this.writer.backlogged ? Taken.backlog : Taken.all;
  }

  end(trailers: HeaderList | null): Taken {
    if (this.chunked) writeBodyEnd(this.writer, trailers);
    return this.resume();
  }

  resume(): Taken {
    return this.writer.congested ? Taken.backlog : Taken.all;
  }

  join(response: LazyResponse, tunnel: Tunnel, exchange: Exchange): boolean {
    writeResponseHead(
      this.writer,
      response,
      BodyLength.unsaid,
      Persistence.implied,
      tunnel.protocol,
    );
    this.writer.flush();
    this.connection.join(tunnel, exchange);
    return true;
  }

  // --- the end ---

  endAfterResponse(): void {
    this.keepAlive = false;
  }

  beLast(): void {
    this.keepAlive = false;
  }

  /** The end goes out now: behind the access log's line, which the client may look for when it has it. */
  sent(): void {
    this.writer.flush();
    this.flushing = this.writer.congested;
    if (this.flushing) this.connection.expectDrained();
    else this.goOn();
  }

  /** The connection has taken all that waited. */
  drained(driver: ExchangeDriver): void {
    if (!this.flushing) {
      driver.writable();
      return;
    }
    this.flushing = false;
    this.goOn();
  }

  private goOn(): void {
    if (this.keepAlive) this.connection.nextRequest();
    else this.connection.lastResponseSent();
  }

  reset(why: Reset): void {
    // Where the connection's end says where the body ends, only a reset says that it broke off.
    const clean = why === Reset.broken && this.protocol !== "HTTP/1.0";
    this.connection.abandon(clean);
  }

  over(): void {
    this.connection.leave();
  }
}
