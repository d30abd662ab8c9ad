import type { Body } from "../../http/body.ts";
import { httpDate } from "../../http/date.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { LazyRequest } from "../../http/lazy/lazy-request.ts";
import type { LazyResponse } from "../../http/lazy/lazy-response.ts";
import { Http3Error, type Http3Stream } from "../../net/http3.ts";
import { FieldId } from "../../wire/field-names.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import type { Http2Head } from "../../wire/http2/message.ts";
import { http3ResponseHead, http3ResponseTrailers } from "../../wire/http3/message.ts";
import { ExchangeDriver } from "../exchange/exchange-driver.ts";
import { requestFromStream } from "../exchange/request-from-stream.ts";
import { isLengthSaid } from "../exchange/response-framing.ts";
import { Reset, type ResponseWire, Taken } from "../exchange/response-wire.ts";
import type { ServerConnection } from "../exchange/server-connection.ts";

const CODES = {
  [Reset.broken]: Http3Error.internalError,
  [Reset.late]: Http3Error.requestCancelled,
  [Reset.excessive]: Http3Error.excessiveLoad,
};

/** The connection, as the wires of its streams ask things of it. */
export interface Http3WireOwner extends ServerConnection {
  /** A stream has ended behind its response. */
  answered(): void;
  /** A stream has ended before its response began. */
  unanswered(): void;
  streamOver(wire: Http3Wire): void;
}

/** One exchange as it is written on a stream of HTTP/3. */
export class Http3Wire implements ResponseWire {
  readonly protocol = "HTTP/3.0";
  readonly backlogged = false;
  /** The runtime's stream does not say when it is done with an array. */
  readonly holdsBytes = true;
  readonly driver: ExchangeDriver;
  /** The request's, once it was checked; null where it was malformed or too large, or a handler has it. */
  requestHead: Http2Head | null = null;
  private readonly connection: Http3WireOwner;
  private readonly stream: Http3Stream;
  private isAnswered = false;
  private isSent = false;
  private isOver = false;

  constructor(connection: Http3WireOwner, stream: Http3Stream) {
    this.connection = connection;
    this.stream = stream;
    this.driver = new ExchangeDriver(connection, this);
  }

  /** Nothing of the request matters any more. */
  get done(): boolean {
    return this.isSent || this.isOver;
  }

  // --- the request ---

  request(exchange: Exchange, body: Body | null): LazyRequest {
    const head = this.requestHead!;
    this.requestHead = null;
    return requestFromStream(exchange, head, body);
  }

  pauseRequest(): void {
    this.stream.pause();
  }

  resumeRequest(): void {
    this.stream.resume();
  }

  // --- the response ---

  interim(status: number, headers: HeaderList | null): void {
    this.stream.sendHead(http3ResponseHead(status, headers), false);
  }

  head(response: LazyResponse, method: string, length: number, end: boolean): Taken {
    const { headerList, status } = response;
    const head = http3ResponseHead(status, headerList);
    if (headerList.findId(FieldId.date) < 0) head.push(["date", httpDate()]);
    if (isLengthSaid(length, method, end)) head.push(["content-length", String(length)]);
    if (!this.stream.sendHead(head, end)) return Taken.refused;
    this.isAnswered = true;
    return Taken.all;
  }

  write(bytes: Uint8Array, start: number, end: number): Taken {
    return this.stream.write(bytes, start, end) ? Taken.all : Taken.stalled;
  }

  flush(): Taken {
    return Taken.all;
  }

  end(trailers: HeaderList | null): Taken {
    const sent = this.stream.end(trailers === null ? null : http3ResponseTrailers(trailers));
    return sent ? Taken.all : Taken.refused;
  }

  resume(): Taken {
    return Taken.all;
  }

  join(): boolean {
    return false;
  }

  // --- the end ---

  endAfterResponse(): void {}

  /** A new connection would get the same answers: the runtime's TLS for QUIC can't ask for more. */
  beLast(): void {}

  /** What is left of the response is the stream's to send; of the request nothing is. */
  sent(receiving: boolean): void {
    this.isSent = true;
    this.driver.expectNext(this.connection.entry.idleTimeout);
    if (receiving) this.stream.stopReading();
  }

  reset(why: Reset): void {
    this.stream.reset(CODES[why]);
  }

  over(): void {
    if (this.isSent) this.connection.answered();
    else if (!this.isAnswered) this.connection.unanswered();
    this.requestHead = null;
    this.isOver = true;
    this.connection.streamOver(this);
  }
}
