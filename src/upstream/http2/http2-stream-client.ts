import { ProxyError } from "../../core/errors.ts";
import type { Expiring } from "../../core/timers.ts";
import { Body, type BodySink, type BodySource } from "../../http/body.ts";
import { LazyResponse, reasonOf } from "../../http/lazy/lazy-response.ts";
import { NOT_TO_UPSTREAM } from "../../wire/field-sets.ts";
import type { Fields } from "../../wire/fields.ts";
import { HeaderList } from "../../wire/header-list.ts";
import {
  ErrorCode,
  type Http2Head,
  type Http2Session,
  type Http2Stream,
} from "../../wire/http2/message.ts";
import { encodeRequestHead } from "../../wire/http2/request-head.ts";
import type { CallPool } from "../call-pool.ts";
import { removeHopByHopFields } from "../connection-fields.ts";
import {
  ANSWERED_EARLY,
  type CallCarrier,
  EXPECT_CONTINUE_TIMEOUT,
  responseTimeout,
  type UpstreamCall,
} from "../upstream-call.ts";
import type { FedBodies } from "./fed-bodies.ts";
import { HEAD_TOO_LARGE, trailersExceed } from "./http2-list-size.ts";

const NO_BYTES = new Uint8Array(0);
/** A server that refuses a request time and again is not asked for ever. */
const MAX_REFUSALS = 3;

/** The connection that a call is on. */
export interface CallConnection {
  /** Hears which bodies get pieces of what has just been read. */
  readonly fed: FedBodies;
  readonly pool: CallPool;
  readonly session: Http2Session<Http2StreamClient>;
  /** Of the server's URL: "http" or "https". */
  readonly scheme: string;
  /** Read events so far. */
  readonly reads: number;
  /** Responses so far. */
  served: number;
  /** The connection is no more. */
  readonly gone: boolean;
  /** So much waits for the server that requests should stop producing until `writable`. */
  readonly backlogged: boolean;
  /** Sends what streams have written, when the events at hand are through. */
  flushSoon(): void;
  /** That stream's request goes on when the connection takes bytes again. */
  waitForDrain(stream: Http2StreamClient): void;
  /** A call was given up, outside a read event perhaps. */
  streamGivenUp(): void;
}

/** One call on an HTTP/2 connection: its stream, both bodies, and what may go wrong with them. */
export class Http2StreamClient implements CallCarrier, BodySource, BodySink, Expiring {
  deadline = 0;
  private readonly client: CallConnection;
  private stream!: Http2Stream<Http2StreamClient>;
  /** The call whose response head is awaited. */
  private call: UpstreamCall | null;
  /** The call whose response this read event has brought. */
  private answered: UpstreamCall | null = null;
  private responseBody: Body | null = null;
  /** The request body that is still being sent. */
  private requestBody: Body | null = null;
  /** What the windows didn't take of the request body, which is paused by then. */
  private rest: Uint8Array | null = null;
  private awaitsContinue = false;
  /** Received bytes whose window the server hasn't got back yet, because the body's reader takes none. */
  private unconsumed = 0;
  private bodyPaused = false;
  /** The response is complete, its trailers are in `trailers`. */
  private ended = false;
  private trailers: HeaderList | null = null;
  /** What has ended the stream before its time. */
  private failure: ProxyError | null = null;
  private refused = false;
  private over = false;
  private timed = false;
  /** Read events of the connection before this call. */
  private readonly readsBefore: number;

  constructor(client: CallConnection, call: UpstreamCall) {
    this.client = client;
    this.call = call;
    this.readsBefore = client.reads;
  }

  /** Sends the request. */
  begin(stream: Http2Stream<Http2StreamClient>): void {
    const call = this.call!;
    const { body } = call;
    const { session } = this.client;
    call.carrier = this;
    this.stream = stream;
    encodeRequestHead(session.block, call, this.client.scheme);
    session.sendHead(stream, body === null);
    this.requestBody = body;
    if (body === null) {
      this.requestSent();
    } else if (call.expectsContinue) {
      this.awaitsContinue = true;
      this.arm(EXPECT_CONTINUE_TIMEOUT);
    } else {
      body.pipe(this);
    }
  }

  private requestSent(): void {
    this.requestBody = null;
    const { responseHeaderTimeout } = this.client.pool.transport.options;
    if (responseHeaderTimeout !== 0 && this.call !== null) this.arm(responseHeaderTimeout);
  }

  private continueBody(): void {
    this.awaitsContinue = false;
    this.disarm();
    this.requestBody?.pipe(this);
    this.client.flushSoon();
  }

  // --- the request's body, on its way up ---

  bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    const { client, stream } = this;
    const taken = client.session.sendData(stream, bytes, start, end, false);
    if (taken < end - start) {
      this.rest = bytes.subarray(start + taken, end);
      this.requestBody?.pause();
      // Nothing else may come for long, and the upstream opens its windows only for what it gets.
      client.flushSoon();
    } else if (client.backlogged) {
      this.waitForConnection();
    }
  }

  bodyFlush(): void {
    this.client.flushSoon();
  }

  bodyEnd(): void {
    const { session } = this.client;
    const refusal = this.requestBody?.judgeTrailers() ?? null;
    const trailers = this.requestBody?.trailers ?? null;
    if (refusal !== null) {
      this.bodyFail(refusal);
      return;
    }
    if (trailers === null) {
      session.sendData(this.stream, NO_BYTES, 0, 0, true);
    } else if (trailersExceed(trailers, session.peerMaxHeaderListBytes)) {
      this.bodyFail(HEAD_TOO_LARGE);
      return;
    } else {
      trailers.encodeTo(session.block, NOT_TO_UPSTREAM);
      session.sendHead(this.stream, true);
    }
    this.requestSent();
    this.client.flushSoon();
  }

  /** The client's body broke off: the upstream must not take what came for a whole request. */
  bodyFail(error: ProxyError): void {
    const { call } = this;
    this.requestBody = null;
    this.abandon(error);
    call?.fail(error);
  }

  private waitForConnection(): void {
    this.requestBody?.pause();
    this.client.waitForDrain(this);
  }

  /** The windows have opened, or the connection takes bytes again. */
  writable(): void {
    const { client, rest, requestBody } = this;
    if (this.over || requestBody === null) return;
    if (client.backlogged) {
      client.waitForDrain(this);
      return;
    }
    if (rest !== null) {
      const taken = client.session.sendData(this.stream, rest, 0, rest.length, false);
      this.rest = taken < rest.length ? rest.subarray(taken) : null;
      client.flushSoon();
      if (this.rest !== null) return;
    }
    requestBody.resume();
  }

  // --- the response, as the session finds it ---

  head(head: Http2Head, end: boolean): void {
    const { call } = this;
    if (call === null) return;
    const fields = HeaderList.received(head.bytes, head.fields);
    if (head.status < 200) {
      this.interim(head.status, fields, call);
      return;
    }
    const bodyless = call.method === "HEAD" || head.status === 204 || head.status === 304;
    if (end && !bodyless && head.contentLength > 0) {
      this.breaksRule("A response without the body that it announces");
      return;
    }
    this.call = null;
    this.disarm();
    removeHopByHopFields(fields);
    const body = end || bodyless ? null : Body.received(this, head.contentLength);
    this.responseBody = body;
    this.ended = end;
    this.answered = call;
    const { exchange } = call.request;
    const { status } = head;
    if (body !== null) exchange.own(body);
    call.answered(LazyResponse.received(exchange, status, fields, body, reasonOf(status)));
  }

  private interim(status: number, fields: HeaderList, call: UpstreamCall): void {
    if (status === 101) {
      // There are no upgrades in HTTP/2 (RFC 9113 section 8.6).
      this.breaksRule("101 on an HTTP/2 stream");
    } else if (status === 100) {
      // Our own server role says 100 to the client once its body is read: not forwarded twice.
      if (this.awaitsContinue) this.continueBody();
    } else {
      removeHopByHopFields(fields);
      call.request.exchange.downstream.informational(status, fields);
    }
  }

  data(bytes: Uint8Array, start: number, end: number): void {
    const { responseBody, client } = this;
    if (responseBody === null) {
      // To HEAD, or with 204 or 304 (RFC 9110 section 6.4.1): no client would get it.
      this.breaksRule("A body where there can be none");
      return;
    }
    client.fed.add(responseBody);
    responseBody.push(bytes, start, end);
    // The body's reader says that it takes the bytes by not pausing: only then does the server get its window back.
    if (this.bodyPaused) this.unconsumed += end - start;
    else client.session.consume(this.stream, end - start);
  }

  end(trailers: Fields | null, bytes: Uint8Array): void {
    this.ended = true;
    this.trailers = trailers === null ? null : new HeaderList(bytes, trailers);
  }

  /** A malformed response (RFC 9113 section 8.1.1): the stream ends, the connection serves on. */
  private breaksRule(what: string): void {
    this.client.session.reset(this.stream, ErrorCode.protocolError);
    this.failure ??= new ProxyError("upstream-protocol", "upstream", what);
  }

  /** The stream is gone. `refused`: the server has not looked at the request. */
  broken(error: ProxyError, refused: boolean): void {
    this.failure ??= error;
    this.refused = refused;
  }

  /**
   * The read event is over: the response goes on with all that it brought, so that it is one write
   * there.
   */
  settle(): void {
    const { answered } = this;
    if (!this.over) {
      if (this.ended) this.finish();
      else if (this.failure !== null) this.failWith(this.failure);
      else this.responseBody?.flush();
    }
    if (answered === null) return;
    this.answered = null;
    answered.deliver();
  }

  /** The response is complete. */
  private finish(): void {
    const { requestBody, responseBody, client } = this;
    this.leave();
    client.served++;
    if (requestBody !== null) {
      // The server wants no more of the request (RFC 9113 section 8.1).
      client.session.reset(this.stream, ErrorCode.noError);
      requestBody.cancel(ANSWERED_EARLY);
    }
    responseBody?.finish(this.trailers);
  }

  /** Ends the call; sends it once more where that is safe. */
  private failWith(error: ProxyError): void {
    const { call, requestBody, responseBody } = this;
    this.leave();
    if (call !== null && !call.done) {
      if (this.mayGoAgain(call)) {
        this.client.pool.send(call);
        return;
      }
      call.fail(error);
    }
    requestBody?.cancel(error);
    responseBody?.fail(error);
  }

  private mayGoAgain(call: UpstreamCall): boolean {
    const { client } = this;
    if (this.refused) return call.unsent && ++call.refusals <= MAX_REFUSALS;
    // Only a connection that has served can have died between two requests without anybody's fault.
    const died = client.gone && client.served > 0 && client.reads === this.readsBefore;
    if (!died || !call.replayable) return false;
    call.fresh = true;
    return true;
  }

  /** Gives the stream up: the connection serves on. */
  abandon(error: ProxyError): void {
    if (this.over) return;
    const { responseBody } = this;
    this.client.session.reset(this.stream, ErrorCode.cancel);
    this.leave();
    responseBody?.fail(error);
    this.client.streamGivenUp();
  }

  private leave(): void {
    this.over = true;
    this.call = null;
    this.requestBody = null;
    this.responseBody = null;
    this.rest = null;
    this.disarm();
    if (this.timed) this.client.pool.deadlines.remove(this);
    // What the reader has not taken yet is in the body's memory; the connection's window is for the others.
    this.giveWindowBack();
  }

  // --- time limits ---

  private arm(milliseconds: number): void {
    const { deadlines } = this.client.pool;
    if (!this.timed) deadlines.add(this);
    this.timed = true;
    this.deadline = deadlines.after(milliseconds);
  }

  private disarm(): void {
    this.deadline = 0;
  }

  expired(): void {
    if (this.awaitsContinue) {
      this.continueBody();
      return;
    }
    const { call } = this;
    const error = responseTimeout();
    this.abandon(error);
    call?.fail(error);
  }

  // --- backpressure and cancellation of the response body ---

  pauseBody(): void {
    this.bodyPaused = true;
  }

  resumeBody(): void {
    this.bodyPaused = false;
    if (this.unconsumed === 0) return;
    this.giveWindowBack();
    this.client.flushSoon();
  }

  private giveWindowBack(): void {
    const { unconsumed } = this;
    if (unconsumed === 0) return;
    this.unconsumed = 0;
    this.client.session.consume(this.stream, unconsumed);
  }

  cancelBody(error: ProxyError): void {
    const { requestBody } = this;
    this.responseBody = null;
    this.abandon(error);
    requestBody?.cancel(error);
  }
}
