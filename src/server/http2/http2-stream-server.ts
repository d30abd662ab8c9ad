import { messageOf, type ProxyError, statusOf } from "../../core/errors.ts";
import { Body, type BodySource } from "../../http/body.ts";
import { httpDate } from "../../http/date.ts";
import { type Downstream, Exchange, type HandshakeOptions } from "../../http/exchange.ts";
import { LazyResponse } from "../../http/lazy/lazy-response.ts";
import type { Address } from "../../net/connection.ts";
import type { TlsInfo } from "../../net/tls.ts";
import { FieldId } from "../../wire/field-names.ts";
import type { Fields } from "../../wire/fields.ts";
import { HeaderList } from "../../wire/header-list.ts";
import { ErrorCode, type Http2Head, type Http2Stream } from "../../wire/http2/message.ts";
import { callHandler, type HandlerCaller } from "../exchange/call-handler.ts";
import {
  clientGone,
  discard,
  LAST_WORDS,
  readTimeoutPassed,
  writeTimeoutPassed,
} from "../exchange/exchange-endings.ts";
import { isOutlived } from "../exchange/handshake-tls-options.ts";
import { awaitBody, bodyToSend, lengthToSay, UNREAD } from "../exchange/response-framing.ts";
import { NOT_IN_HTTP2 } from "./http2-fields.ts";
import { Http2ResponseBody, type Http2ResponseOwner } from "./http2-response-body.ts";
import type { Http2Server } from "./http2-server.ts";
import { requestFromHttp2 } from "./request-from-http2.ts";

const Phase = {
  /** The head is there; nobody has it yet. */
  arrived: 0,
  /** A handler has the request. */
  handling: 1,
  /** The response is on its way. */
  responding: 2,
  over: 3,
} as const;

/** One request on an HTTP/2 connection, and its response. */
export class Http2StreamServer
  implements Downstream, BodySource, HandlerCaller, Http2ResponseOwner
{
  readonly protocol = "HTTP/2.0";
  /** What its request's head and trailers take. */
  headBytes: number;
  /** The readTimeout's or writeTimeout's end in milliseconds of `now()`, 0 for none. */
  private deadline = 0;
  private readonly server: Http2Server;
  private readonly stream: Http2Stream<Http2StreamServer>;
  private phase: number = Phase.arrived;
  private head: Http2Head | null;
  private readonly exchange: Exchange;
  /** The request body while it is being received. */
  private requestBody: Body | null;
  /** Received bytes whose window the client hasn't got back yet, because nobody takes them. */
  private unconsumed = 0;
  private bodyPaused = false;
  private continueOwed = false;
  /** The response body while it is being sent. */
  private responseBody: Http2ResponseBody | null = null;

  constructor(
    server: Http2Server,
    stream: Http2Stream<Http2StreamServer>,
    head: Http2Head,
    end: boolean,
  ) {
    this.server = server;
    this.stream = stream;
    this.head = head;
    this.headBytes = head.bytes.length;
    this.exchange = new Exchange(this);
    this.requestBody = end ? null : new Body(this, head.contentLength);
    const { readTimeout, writeTimeout } = server.entry;
    this.arm(end ? writeTimeout : readTimeout);
  }

  // --- what handlers may see of the connection ---

  get entryPoint(): string {
    return this.server.entry.name;
  }

  get remote(): Address {
    return this.server.remote;
  }

  get local(): Address {
    return this.server.local;
  }

  get tls(): TlsInfo | null {
    return this.server.tls;
  }

  get tlsOptions(): HandshakeOptions | null {
    return this.server.tlsOptions;
  }

  informational(status: number, headers: HeaderList): void {
    // Nobody has to get one: for a client that doesn't read they would pile up.
    if (this.phase !== Phase.handling || this.server.backlogged) return;
    const { session } = this.server;
    session.block.status(status);
    headers.encodeTo(session.block, NOT_IN_HTTP2);
    session.sendHead(this.stream, false);
    this.server.flushSoon();
  }

  // --- the request ---

  /** Gives the request to the entrypoint's handler, with all that the read event has brought of it. */
  dispatch(): void {
    const { head, exchange, server } = this;
    if (head === null || this.phase !== Phase.arrived) return;
    this.head = null;
    this.phase = Phase.handling;
    const { entry } = server;
    entry.requestCount++;
    if (head.method === "CONNECT") {
      this.exchange.method = head.method;
      this.respond(LazyResponse.of(LazyResponse.text(501)));
      return;
    }
    const body = this.requestBody;
    const request = requestFromHttp2(exchange, head, body);
    this.continueOwed = body !== null && request.headerList.findId(FieldId.expect) >= 0;
    if (body?.complete === true) this.requestBody = null;
    callHandler(entry.handler, request, exchange, this);
  }

  received(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.exchange.requestBytes += length;
    const body = this.requestBody;
    if (body === null) {
      this.server.session.consume(this.stream, length);
      return;
    }
    body.push(bytes, start, end);
    // Whoever takes the bytes says so by not pausing: only then does the client get its window back.
    if (this.bodyPaused) this.unconsumed += length;
    else this.server.session.consume(this.stream, length);
  }

  /** The read event is over. */
  flushRequest(): void {
    this.requestBody?.flush();
  }

  requestEnded(trailers: Fields | null, bytes: Uint8Array): void {
    const body = this.requestBody;
    if (trailers !== null) this.headBytes += bytes.length;
    this.arm(this.server.entry.writeTimeout);
    this.continueOwed = false;
    // The end of a body may arrive with the bytes that made its reader ask for a pause.
    if (this.bodyPaused) this.resumeBody();
    if (body === null) return;
    if (this.phase !== Phase.arrived) this.requestBody = null;
    body.finish(trailers === null ? null : new HeaderList(bytes, trailers));
    body.flush();
  }

  startBody(): void {
    if (!this.continueOwed || this.phase !== Phase.handling) return;
    this.continueOwed = false;
    const { session } = this.server;
    session.block.status(100);
    session.sendHead(this.stream, false);
    this.server.flushSoon();
  }

  pauseBody(): void {
    this.bodyPaused = true;
  }

  resumeBody(): void {
    this.bodyPaused = false;
    const { unconsumed } = this;
    if (unconsumed === 0) return;
    this.unconsumed = 0;
    this.server.session.consume(this.stream, unconsumed);
    this.server.flushSoon();
  }

  /** What still comes is dropped; the stream is reset behind the response. */
  cancelBody(): void {
    this.requestBody = null;
    this.resumeBody();
  }

  // --- the response ---

  readonly answer = (response: Response): void => {
    const lazy = LazyResponse.of(response);
    if (lazy.adopted && lazy.hasBody) void awaitBody(lazy).then(() => this.respond(lazy));
    else this.respond(lazy);
  };

  readonly respondToFailure = (error: unknown): void => {
    if (this.phase !== Phase.handling) return;
    this.exchange.error ??= error;
    this.server.entry.logger.error("A handler failed outside recovery", {
      error: messageOf(error),
    });
    this.respond(LazyResponse.of(LazyResponse.text(statusOf(error))));
  };

  private respond(response: LazyResponse): void {
    const { exchange, server } = this;
    if (this.phase !== Phase.handling) {
      discard(response);
      return;
    }
    this.phase = Phase.responding;
    if (isOutlived(response.status, server.tlsOptions)) server.beginDrain();
    exchange.status = response.status;
    exchange.responseHeaders = response.headerList;
    const body = bodyToSend(response, exchange.method);
    const length = lengthToSay(response, body, exchange.method);
    const { session } = server;
    const { block } = session;
    block.status(response.status);
    response.headerList.encodeTo(block, NOT_IN_HTTP2);
    if (response.headerList.findId(FieldId.date) < 0) block.text(FieldId.date, "date", httpDate());
    // END_STREAM says as well that there is no body, and gRPC has no length beside its trailers.
    const said = length > 0 || (length === 0 && (body !== null || exchange.method === "HEAD"));
    if (said) block.text(FieldId.contentLength, "content-length", String(length));
    session.sendHead(this.stream, body === null);
    if (body === null) {
      this.finish();
    } else {
      this.responseBody = new Http2ResponseBody(this, server, this.stream, exchange, body);
      this.responseBody.begin();
    }
    server.flushSoon();
  }

  /** Cut short above, cut short below: never a clean end. */
  responseBroken(error: ProxyError): void {
    this.server.entry.logger.debug("A response broke off", {
      error: error.message,
      service: this.exchange.service,
    });
    this.server.session.reset(this.stream, ErrorCode.internalError);
    this.breakOff(error);
    this.server.flushSoon();
  }

  responseSent(): void {
    this.responseBody = null;
    this.finish();
  }

  /** The windows have opened, or the connection takes bytes again. */
  writable(): void {
    this.responseBody?.writable();
  }

  // --- the end ---

  /** The response has been handed to the connection, whole. */
  private finish(): void {
    const { requestBody, server } = this;
    this.phase = Phase.over;
    this.requestBody = null;
    if (!this.stream.receiveClosed) server.session.reset(this.stream, ErrorCode.noError);
    server.streamOver(this);
    this.exchange.finish();
    // Somebody may still be reading it.
    requestBody?.fail(UNREAD);
  }

  /** Ends the exchange without a (whole) response. */
  breakOff(error: ProxyError): void {
    if (this.phase === Phase.over) return;
    const { exchange, requestBody, responseBody } = this;
    this.phase = Phase.over;
    // Where it hasn't been started yet, it waits for that longer than the head is counted.
    this.head = null;
    this.requestBody = null;
    this.responseBody = null;
    this.server.streamOver(this);
    exchange.error ??= error;
    if (exchange.status === 0) exchange.status = statusOf(error);
    exchange.abort(error);
    requestBody?.fail(error);
    responseBody?.cancel(error);
    exchange.finish();
  }

  private arm(milliseconds: number): void {
    this.deadline = this.server.entry.deadlines.after(milliseconds);
    if (this.deadline !== 0) this.server.expectBefore(this.deadline);
  }

  /** When to look at this stream again, in milliseconds of `now()`; 0 for never. */
  get due(): number {
    const { deadline, responseBody } = this;
    const stallDeadline = responseBody?.stallDeadline ?? 0;
    if (deadline === 0 || stallDeadline === 0) return deadline + stallDeadline;
    return Math.min(deadline, stallDeadline);
  }

  expired(): void {
    this.deadline = 0;
    if (this.requestBody !== null && this.phase === Phase.handling) {
      const body = this.requestBody;
      this.requestBody = null;
      this.arm(LAST_WORDS);
      body.fail(readTimeoutPassed("body"));
    } else if (this.phase === Phase.handling) {
      this.giveUp();
    } else {
      this.server.session.reset(this.stream, ErrorCode.cancel);
      this.breakOff(clientGone("The response was not taken in time"));
      this.server.flushSoon();
    }
  }

  /** The writeTimeout has passed without a response: what the handler waits for is called off, and the client hears of it. */
  private giveUp(): void {
    const { exchange } = this;
    const error = writeTimeoutPassed();
    this.arm(LAST_WORDS);
    exchange.abort(error);
    // A call to an upstream has answered by now; another handler may never do.
    if (this.phase === Phase.handling) {
      exchange.error ??= error;
      this.respond(LazyResponse.of(LazyResponse.text(statusOf(error))));
    }
  }
}
