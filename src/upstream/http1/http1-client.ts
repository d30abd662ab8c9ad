import { ProxyError } from "../../core/errors.ts";
import type { Expiring } from "../../core/timers.ts";
import { Body, type BodySink, type BodySource } from "../../http/body.ts";
import { writeBodyChunk, writeBodyEnd } from "../../http/body-framing.ts";
import { LazyResponse } from "../../http/lazy/lazy-response.ts";
import type { Connection, ConnectionHandler } from "../../net/connection.ts";
import { ConnectionWriter } from "../../net/connection-writer.ts";
import type { Fields } from "../../wire/fields.ts";
import { HeaderList } from "../../wire/header-list.ts";
import {
  DEFAULT_LIMITS,
  Framing,
  type MessageSink,
  type ResponseHead,
} from "../../wire/http1/message.ts";
import { writeRequestHead } from "../../wire/http1/request-head.ts";
import { ResponseParser } from "../../wire/http1/response-parser.ts";
import type { CallPool, SerialConnection } from "../call-pool.ts";
import { removeHopByHopFields } from "../connection-fields.ts";
import {
  ANSWERED_EARLY,
  type CallCarrier,
  EXPECT_CONTINUE_TIMEOUT,
  responseTimeout,
  type UpstreamCall,
} from "../upstream-call.ts";
import { asProtocolError, checkUpgrade, violation } from "./violations.ts";

const NO_BYTES = new Uint8Array(0);

/**
 * An HTTP/1.1 connection in the client role (RFC 9112), one call at a time. It goes back to its pool
 * as soon as a response is complete, before that response is delivered, and is closed on anything
 * that makes its state doubtful: surplus bytes, a request body still under way, a protocol error.
 */
export class Http1Client
  implements
    SerialConnection,
    ConnectionHandler,
    MessageSink<ResponseHead>,
    BodySource,
    BodySink,
    Expiring,
    CallCarrier
{
  deadline = 0;
  private readonly connection: Connection;
  private readonly pool: CallPool;
  private readonly parser: ResponseParser;
  private readonly writer: ConnectionWriter;
  /** The call whose response head is awaited. */
  private call: UpstreamCall | null = null;
  /** The call whose response this read event has brought. */
  private answered: UpstreamCall | null = null;
  private responseBody: Body | null = null;
  /** The request body that is still being sent. */
  private requestBody: Body | null = null;
  private chunked = false;
  private awaitsContinue = false;
  /** A response is expected or under way. */
  private busy = false;
  private reusable = true;
  private received = false;
  private paused = false;
  /** What the last read event brought of the response's body, where its reader still holds some of it. */
  private lent: Uint8Array | null = null;
  private served = 0;
  /** The response's message is complete, its trailers are in `trailers`. */
  private ended = false;
  private trailers: HeaderList | null = null;
  /** Fields of a 101 that the client asked for. */
  private switching: HeaderList | null = null;

  constructor(connection: Connection, pool: CallPool) {
    this.connection = connection;
    this.pool = pool;
    this.parser = new ResponseParser(DEFAULT_LIMITS, this);
    this.writer = new ConnectionWriter(connection, this);
    pool.deadlines.add(this);
  }

  start(call: UpstreamCall): void {
    const { body } = call;
    call.carrier = this;
    this.call = call;
    this.deadline = 0;
    this.busy = true;
    this.received = false;
    this.ended = false;
    this.requestBody = body;
    this.chunked = body !== null && body.length < 0;
    this.parser.begin(call.method);
    writeRequestHead(this.writer, call);
    if (body === null) {
      this.requestSent();
    } else if (call.expectsContinue) {
      this.awaitsContinue = true;
      this.deadline = this.pool.deadlines.after(EXPECT_CONTINUE_TIMEOUT);
    } else {
      body.pipe(this);
    }
    this.writer.flush();
  }

  private requestSent(): void {
    this.requestBody = null;
    const { responseHeaderTimeout } = this.pool.transport.options;
    if (responseHeaderTimeout !== 0 && this.call !== null)
      this.deadline = this.pool.deadlines.after(responseHeaderTimeout);
  }

  private continueBody(): void {
    this.awaitsContinue = false;
    this.deadline = 0;
    this.requestBody?.pipe(this);
    this.writer.flush();
  }

  // --- the request's body, on its way up ---

  bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    writeBodyChunk(this.writer, bytes, start, end, this.chunked);
    if (this.writer.backlogged) this.requestBody?.pause();
  }

  bodyFlush(): void {
    this.writer.flush();
    if (this.writer.backlogged) this.requestBody?.pause();
  }

  bodyEnd(): void {
    if (this.chunked) {
      const refusal = this.requestBody?.judgeTrailers() ?? null;
      if (refusal !== null) {
        this.bodyFail(refusal);
        return;
      }
      writeBodyEnd(this.writer, this.requestBody?.trailers ?? null);
    }
    this.requestSent();
    this.writer.flush();
  }

  /** The client's body broke off: the upstream must not take what came for a whole request. */
  bodyFail(error: ProxyError): void {
    this.requestBody = null;
    const { call } = this;
    this.abandon(error);
    call?.fail(error);
  }

  get holdsBytes(): boolean {
    return this.writer.congested;
  }

  drained(): void {
    this.requestBody?.resume();
  }

  // --- the response, as the parser finds it ---

  messageHead(head: ResponseHead): void {
    const call = this.call!;
    const fields = HeaderList.received(head.bytes, head.fields);
    if (head.status < 200) {
      this.interim(head, fields, call);
      return;
    }
    this.call = null;
    this.deadline = 0;
    this.reusable = head.keepAlive && head.framing !== Framing.close;
    removeHopByHopFields(fields);
    const { exchange } = call.request;
    const body = head.framing === Framing.none ? null : Body.received(this, head.contentLength);
    if (head.framing === Framing.close) body!.endsUnmarked = true;
    if (body !== null) exchange.own(body);
    this.responseBody = body;
    this.answered = call;
    call.answered(LazyResponse.received(exchange, head.status, fields, body, head.reason));
  }

  private interim(head: ResponseHead, fields: HeaderList, call: UpstreamCall): void {
    if (head.status === 101) {
      if (this.requestBody !== null || this.writer.congested) {
        throw violation("101 before the request was received whole");
      }
      checkUpgrade(call.upgrade, fields.first("upgrade") ?? "");
      removeHopByHopFields(fields);
      this.switching = fields;
    } else if (head.status === 100) {
      // Our own server role says 100 to the client once its body is read: not forwarded twice.
      if (this.awaitsContinue) this.continueBody();
    } else {
      removeHopByHopFields(fields);
      call.request.exchange.downstream.informational(head.status, fields);
    }
  }

  messageBody(bytes: Uint8Array, start: number, end: number): void {
    this.responseBody?.push(bytes, start, end);
  }

  messageEnd(trailers: Fields | null, bytes: Uint8Array): void {
    this.ended = true;
    this.trailers = trailers === null ? null : new HeaderList(bytes, trailers);
  }

  /** The response is complete: the connection goes back first, then the caller hears of it. */
  private settle(clean: boolean): void {
    const { responseBody, trailers } = this;
    this.served++;
    this.busy = false;
    this.lent = null;
    this.responseBody = null;
    this.trailers = null;
    // The end of a body may arrive with the bytes that made its reader ask for a pause.
    if (this.paused) this.resumeBody();
    if (this.requestBody !== null) {
      // What follows of it would be read as the next one.
      this.requestBody.cancel(ANSWERED_EARLY);
      this.requestBody = null;
      this.reusable = false;
    }
    if (!clean || !this.reusable || this.writer.congested || !this.pool.release(this)) {
      this.connection.close();
    }
    responseBody?.finish(trailers);
  }

  // --- the connection ---

  data(chunk: Uint8Array): void {
    if (!this.busy) {
      // Bytes that no request asked for. Nothing on this connection can be trusted any more.
      this.pool.forget(this);
      this.connection.reset();
      return;
    }
    this.received = true;
    let at: number;
    try {
      at = this.parser.parse(chunk, 0, chunk.length);
    } catch (error) {
      this.failWith(asProtocolError(error));
      this.connection.reset();
      this.deliver();
      return;
    }
    const body = this.responseBody;
    if (this.switching !== null) this.handOver(this.switching, chunk, at);
    else if (this.ended) this.settle(at === chunk.length);
    else body?.flush();
    this.deliver();
    if (body === null) return;
    if (body.released) this.connection.recycle(chunk);
    else this.lent = chunk;
  }

  /** The response goes on with all that its first read event brought, so that it is one write there. */
  private deliver(): void {
    const { answered } = this;
    if (answered === null) return;
    this.answered = null;
    answered.deliver();
  }

  /** 101: the connection stops being HTTP. It waits, paused, for the driver to join it to the client's. */
  private handOver(fields: HeaderList, chunk: Uint8Array, at: number): void {
    const call = this.call!;
    const response = new LazyResponse(101, fields, null);
    this.call = null;
    this.busy = false;
    this.pool.deadlines.remove(this);
    this.connection.pause();
    response.tunnel = {
      connection: this.connection,
      protocol: call.request.upgrade,
      early: at < chunk.length ? chunk.subarray(at) : NO_BYTES,
    };
    this.answered = call;
    call.answered(response);
  }

  drain(): void {
    this.writer.drain();
  }

  /** FIN. A response that ends with the connection is complete now; anything else has broken off. */
  end(): void {
    this.gone(undefined);
    this.connection.close();
  }

  close(error?: Error): void {
    this.pool.deadlines.remove(this);
    this.gone(error);
  }

  private gone(error: Error | undefined): void {
    if (!this.busy) {
      this.pool.forget(this);
      return;
    }
    if (error === undefined) {
      try {
        this.parser.eof();
        this.settle(false);
        return;
      } catch (thrown) {
        this.failWith(thrown instanceof ProxyError ? thrown : undefined);
        return;
      }
    }
    this.failWith(
      new ProxyError("upstream-reset", "upstream", "The upstream reset the connection", {
        cause: error,
      }),
    );
  }

  /** Ends whatever is on this connection; sends the call once more where that is safe. */
  private failWith(
    error = new ProxyError("upstream-closed", "upstream", "The upstream closed the connection"),
  ): void {
    const { call, responseBody } = this;
    this.call = null;
    this.responseBody = null;
    this.requestBody = null;
    this.busy = false;
    this.deadline = 0;
    if (call !== null) {
      // Only a pooled connection can have died between two requests without anybody's fault.
      if (
        this.served > 0 &&
        !this.received &&
        error.code !== "response-timeout" &&
        call.replayable &&
        !call.done
      ) {
        call.fresh = true;
        this.pool.send(call);
      } else {
        call.fail(error);
      }
    }
    responseBody?.fail(error);
  }

  abandon(error: ProxyError): void {
    const { responseBody } = this;
    this.call = null;
    this.responseBody = null;
    this.requestBody = null;
    this.busy = false;
    this.reusable = false;
    this.connection.reset();
    responseBody?.fail(error);
  }

  closeIdle(): void {
    this.connection.close();
  }

  expired(): void {
    if (this.awaitsContinue) {
      this.continueBody();
    } else if (this.busy) {
      this.failWith(responseTimeout());
      this.connection.reset();
    } else {
      this.pool.forget(this);
      this.connection.close();
    }
  }

  // --- backpressure and cancellation of the response body ---

  pauseBody(): void {
    this.paused = true;
    this.connection.pause();
  }

  resumeBody(): void {
    const { lent } = this;
    this.paused = false;
    this.lent = null;
    if (lent !== null && this.responseBody?.released) this.connection.recycle(lent);
    this.connection.resume();
  }

  cancelBody(): void {
    this.responseBody = null;
    this.busy = false;
    this.reusable = false;
    this.connection.reset();
  }
}
