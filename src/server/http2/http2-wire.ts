import type { Body } from "../../http/body.ts";
import { httpDate } from "../../http/date.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { LazyRequest } from "../../http/lazy/lazy-request.ts";
import type { LazyResponse } from "../../http/lazy/lazy-response.ts";
import { FieldId } from "../../wire/field-names.ts";
import { NOT_IN_STREAM_RESPONSE, NOT_IN_TRAILERS } from "../../wire/field-sets.ts";
import type { Fields } from "../../wire/fields.ts";
import { HeaderList } from "../../wire/header-list.ts";
import {
  ErrorCode,
  type Http2Head,
  type Http2Session,
  type Http2Stream,
} from "../../wire/http2/message.ts";
import { ExchangeDriver } from "../exchange/exchange-driver.ts";
import { requestFromStream } from "../exchange/request-from-stream.ts";
import { isLengthSaid } from "../exchange/response-framing.ts";
import { Reset, type ResponseWire, Taken } from "../exchange/response-wire.ts";
import type { ServerConnection } from "../exchange/server-connection.ts";

const NO_BYTES = new Uint8Array(0);

const CODES = {
  [Reset.broken]: ErrorCode.internalError,
  [Reset.late]: ErrorCode.cancel,
  [Reset.excessive]: ErrorCode.enhanceYourCalm,
};

/**
 * A client that still sends its body has so long, in milliseconds, to read the answer before its stream
 * is reset, and so many bytes of the body are taken meanwhile. curl 7.88 loses an answer that comes with
 * the reset in one piece; most bodies end by then, and with them the stream.
 */
export const LINGER_TIME = 2000;
const LINGER_BYTES = 1024 * 1024;

/** The connection, as the wires of its streams ask things of it. */
export interface Http2WireOwner extends ServerConnection {
  readonly session: Http2Session<Http2Wire>;
  /** So much waits for the client that streams should stop producing until `writable`. */
  readonly congested: boolean;
  readonly backlogged: boolean;
  /** Sends what streams have written, in one piece: behind this read event, or behind all events at hand. */
  flushSoon(): void;
  /** The client is to open another connection; what is under way here goes on. */
  beginDrain(): void;
  /** A stream is done with, one way or the other. */
  streamOver(wire: Http2Wire): void;
}

/**
 * One exchange on a stream of HTTP/2, at the pace of the client's windows. Of a response's body that
 * they don't take at most two pieces wait here; the rest stays where it comes from.
 */
export class Http2Wire implements ResponseWire {
  readonly protocol = "HTTP/2.0";
  readonly driver: ExchangeDriver;
  /** What its request's head and trailers take. */
  headBytes: number;
  private readonly connection: Http2WireOwner;
  private readonly stream: Http2Stream<Http2Wire>;
  private requestHead: Http2Head | null;
  /** Received bytes whose window the client hasn't got back yet, because nothing takes them. */
  private unconsumed = 0;
  private paused = false;
  /** The response is sent; what still comes of the request is dropped for a while. */
  private lingering = false;
  private dropped = 0;
  // The last piece waits for the next or the end, so that END_STREAM goes with it.
  private held: Uint8Array = NO_BYTES;
  private heldStart = 0;
  private heldEnd = 0;
  /** Behind what is held, where the windows didn't take that: the body is paused by then. */
  private next: Uint8Array | null = null;
  /** The body has ended behind what is held. */
  private ended = false;
  private trailers: HeaderList | null = null;

  /** `end`: the request has no body. `deadline` is the readTimeout's end. */
  constructor(
    connection: Http2WireOwner,
    stream: Http2Stream<Http2Wire>,
    head: Http2Head,
    end: boolean,
    deadline: number,
  ) {
    this.connection = connection;
    this.stream = stream;
    this.requestHead = head;
    this.headBytes = head.bytes.length;
    this.driver = new ExchangeDriver(connection, this);
    this.driver.begin(head.method, head.path, deadline);
    if (end) this.driver.requestEnd(null);
    else this.driver.bodyFollows(head.contentLength);
  }

  get holdsBytes(): boolean {
    return this.heldEnd > this.heldStart || this.next !== null || this.connection.congested;
  }

  get backlogged(): boolean {
    return this.connection.backlogged;
  }

  // --- the request ---

  /** Has the request handled, with all that the read event has brought of it; unless it is over by now. */
  dispatch(): void {
    if (this.requestHead !== null) this.driver.proceed();
  }

  /** The read event is over: its reader, if it has one by now, gets what came of the body. */
  flushRequest(): void {
    if (this.requestHead === null) this.driver.proceed();
  }

  request(exchange: Exchange, body: Body | null): LazyRequest {
    const head = this.requestHead!;
    this.requestHead = null;
    return requestFromStream(exchange, head, body);
  }

  received(bytes: Uint8Array, start: number, end: number): void {
    if (this.lingering) {
      this.drop(end - start);
      return;
    }
    this.driver.requestData(bytes, start, end);
    // A reader that takes the bytes doesn't pause: only then does the client get its window back.
    if (this.paused) this.unconsumed += end - start;
    else this.connection.session.consume(this.stream, end - start);
  }

  /** Behind so much the client's window stays closed. */
  private drop(length: number): void {
    this.dropped += length;
    if (this.dropped <= LINGER_BYTES) this.connection.session.consume(this.stream, length);
  }

  requestEnded(trailers: Fields | null, bytes: Uint8Array): void {
    if (trailers !== null) this.headBytes += bytes.length;
    this.driver.requestEnd(trailers === null ? null : new HeaderList(bytes, trailers));
    if (!this.lingering) return;
    this.connection.session.returnWindow();
    this.over();
  }

  pauseRequest(): void {
    this.paused = true;
  }

  resumeRequest(): void {
    this.paused = false;
    const { unconsumed } = this;
    if (unconsumed === 0) return;
    this.unconsumed = 0;
    this.connection.session.consume(this.stream, unconsumed);
    this.connection.flushSoon();
  }

  // --- the response ---

  interim(status: number, headers: HeaderList | null): void {
    const { session } = this.connection;
    session.block.status(status);
    headers?.encodeTo(session.block, NOT_IN_STREAM_RESPONSE);
    session.sendHead(this.stream, false);
    this.connection.flushSoon();
  }

  head(response: LazyResponse, method: string, length: number, end: boolean): Taken {
    const { session } = this.connection;
    const { block } = session;
    const { headerList, status } = response;
    block.status(status);
    headerList.encodeTo(block, NOT_IN_STREAM_RESPONSE);
    if (headerList.findId(FieldId.date) < 0) block.text(FieldId.date, "date", httpDate());
    if (isLengthSaid(length, method, end)) {
      block.text(FieldId.contentLength, "content-length", String(length));
    }
    session.sendHead(this.stream, end);
    this.connection.flushSoon();
    return Taken.all;
  }

  write(bytes: Uint8Array, start: number, end: number): Taken {
    if (!this.sendHeld(false)) {
      this.next = bytes.subarray(start, end);
      return this.stalled();
    }
    this.held = bytes;
    this.heldStart = start;
    this.heldEnd = end;
    return this.connection.backlogged ? Taken.backlog : Taken.all;
  }

  flush(): Taken {
    if (!this.sendHeld(false)) return this.stalled();
    this.connection.flushSoon();
    return this.connection.backlogged ? Taken.backlog : Taken.all;
  }

  end(trailers: HeaderList | null): Taken {
    this.ended = true;
    this.trailers = trailers;
    return this.sendEnd();
  }

  resume(): Taken {
    if (this.ended) return this.sendEnd();
    if (!this.sendHeld(false)) return this.stalled();
    return this.connection.backlogged ? Taken.backlog : Taken.all;
  }

  /** Nothing else may come for long, and the client opens its windows only for what it gets. */
  private stalled(): Taken {
    this.connection.flushSoon();
    return Taken.stalled;
  }

  /** Sends what is held; true where the windows took all of it. */
  private sendHeld(last: boolean): boolean {
    const { next } = this;
    const start = this.heldStart;
    const end = this.heldEnd;
    if (start === end && !last) return true;
    const { session } = this.connection;
    const taken = session.sendData(this.stream, this.held, start, end, last && next === null);
    if (taken > 0) this.driver.moved();
    if (taken < end - start) {
      this.heldStart = start + taken;
      return false;
    }
    this.next = null;
    this.held = next ?? NO_BYTES;
    this.heldStart = 0;
    this.heldEnd = this.held.length;
    return next === null || this.sendHeld(last);
  }

  private sendEnd(): Taken {
    const { trailers } = this;
    if (!this.sendHeld(trailers === null)) return this.stalled();
    if (trailers !== null) {
      const { session } = this.connection;
      trailers.encodeTo(session.block, NOT_IN_TRAILERS);
      session.sendHead(this.stream, true);
    }
    this.connection.flushSoon();
    return Taken.all;
  }

  join(): boolean {
    return false;
  }

  // --- the end ---

  endAfterResponse(): void {}

  beLast(): void {
    this.connection.beginDrain();
  }

  sent(receiving: boolean): void {
    this.lingering = receiving;
    if (receiving) this.driver.expectNext(LINGER_TIME);
    else this.over();
  }

  reset(why: Reset): void {
    const code = this.lingering ? ErrorCode.noError : CODES[why];
    this.connection.session.reset(this.stream, code);
    this.connection.flushSoon();
  }

  over(): void {
    // Where it hasn't been dispatched yet, it waits for that longer than the head is counted.
    this.requestHead = null;
    this.held = NO_BYTES;
    this.next = null;
    this.connection.streamOver(this);
  }
}
