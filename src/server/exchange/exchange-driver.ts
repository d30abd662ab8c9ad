import { messageOf, type ProxyError, statusOf } from "../../core/errors.ts";
import type { Body, BodySink } from "../../http/body.ts";
import { Exchange } from "../../http/exchange.ts";
import { LazyResponse, reasonOf } from "../../http/lazy/lazy-response.ts";
import { PendingResponse, type ResponseReceiver } from "../../http/pending-response.ts";
import { FieldId } from "../../wire/field-names.ts";
import { HeaderList } from "../../wire/header-list.ts";
import {
  clientGone,
  discard,
  LAST_WORDS,
  MISUSED_INTERIM,
  readTimeoutPassed,
  UNSENDABLE,
  writeTimeoutPassed,
} from "./exchange-endings.ts";
import { ExchangeRequest, Phase } from "./exchange-request.ts";
import { isOutlived } from "./handshake-tls-options.ts";
import { awaitBody, bodyToSend, lengthToSay, MISCOUNTED, UNREAD } from "./response-framing.ts";
import { Reset, Taken } from "./response-wire.ts";

/**
 * The life of a request and its response, the same for every HTTP version: from the head to a handler,
 * and from its answer to the wire; time limits, refusals, lengths and endings. A connection of
 * HTTP/1.1 has one driver for all its requests, one by one; a stream of HTTP/2 or HTTP/3 has its own.
 */
export class ExchangeDriver extends ExchangeRequest implements BodySink, ResponseReceiver {
  /** The response's body while it is being sent. */
  private responseBody: Body | null = null;
  /** All of the response was given to the wire. */
  private ended = false;

  // --- the request, as the connection receives it ---

  /** Nothing more is at hand: gives the request to the entrypoint's handler, or what came of its body to its reader. */
  proceed(): void {
    if (this.phase === Phase.arrived) this.dispatch();
    else this.requestBody?.flush();
  }

  private dispatch(): void {
    const { connection, wire } = this;
    const exchange = this.exchange!;
    const { entry } = connection;
    this.phase = Phase.handling;
    entry.requestCount++;
    if (exchange.method === "CONNECT") {
      // This is no forward proxy. What follows over HTTP/1.1 is no request.
      wire.endAfterResponse();
      this.respond(LazyResponse.of(LazyResponse.text(501)));
      return;
    }
    if (exchange.target === "*" && exchange.method === "OPTIONS") {
      // About the server as a whole (RFC 9110 section 9.3.7): no router's business, in Traefik neither.
      this.respond(new LazyResponse(200, new HeaderList(), null));
      return;
    }
    const request = wire.request(exchange, this.requestBody);
    if (this.receiving) this.continueOwed = request.headerList.findId(FieldId.expect) >= 0;
    else this.requestBody = null;
    let result: Response | Promise<Response>;
    try {
      result = entry.handler(request, exchange);
    } catch (error) {
      this.responseFailed(error);
      return;
    }
    // The usual one first: a call to an upstream, which needs no promise's turn.
    if (result instanceof PendingResponse) result.deliverTo(this);
    else if (result instanceof Promise) this.awaitResponse(result, exchange);
    else this.responseReady(result);
  }

  private awaitResponse(promise: Promise<Response>, exchange: Exchange): void {
    exchange.retain();
    promise.then(
      (response) => this.responseReady(response),
      (error: unknown) => this.responseFailed(error),
    );
  }

  /** Answers without a handler: what came is no request, or one that is refused whatever it asks for. */
  refuse(error: ProxyError): void {
    const { connection, wire } = this;
    const status = statusOf(error);
    connection.entry.logger.debug("Refused a request", {
      remote: connection.remote.ip,
      status,
      reason: error.message,
    });
    this.exchange ??= new Exchange(this);
    this.requestBody = null;
    this.phase = Phase.handling;
    wire.endAfterResponse();
    this.expectLast(LAST_WORDS);
    this.respond(LazyResponse.of(LazyResponse.text(status, `${status} ${reasonOf(status)}`)));
  }

  /** The rest of the request can't be had. A handler that reads its body hears of it and may still answer. */
  requestBroken(error: ProxyError): void {
    const body = this.requestBody;
    if (this.phase === Phase.responding) {
      this.cut(Reset.late, error);
    } else if (this.phase !== Phase.handling) {
      this.refuse(error);
    } else if (body === null) {
      this.giveUp(error);
    } else {
      this.requestBody = null;
      this.wire.endAfterResponse();
      this.expectLast(LAST_WORDS);
      body.fail(error);
    }
  }

  /** The rest of the request doesn't come, as nothing takes it as fast as the client sends it. */
  requestLost(error: ProxyError): void {
    const body = this.requestBody;
    this.receiving = false;
    this.requestBody = null;
    if (this.phase === Phase.responding) this.cut(Reset.excessive, error);
    else this.giveUp(error);
    body?.fail(error);
  }

  // --- the response ---

  responseReady(response: Response): void {
    const lazy = LazyResponse.of(response);
    if (lazy.adopted && lazy.hasBody) void this.respondWithBody(lazy);
    else this.respond(lazy);
  }

  private async respondWithBody(lazy: LazyResponse): Promise<void> {
    await awaitBody(lazy);
    this.respond(lazy);
  }

  responseFailed(error: unknown): void {
    if (this.phase !== Phase.handling) return;
    this.connection.entry.logger.error("A handler failed outside recovery", {
      error: messageOf(error),
    });
    this.respondTo(error);
  }

  private respondTo(error: unknown): void {
    this.exchange!.error ??= error;
    this.respond(LazyResponse.of(LazyResponse.text(statusOf(error))));
  }

  private respond(response: LazyResponse): void {
    const { connection, wire } = this;
    if (this.phase !== Phase.handling) {
      discard(response);
      return;
    }
    const exchange = this.exchange!;
    if (response.status < 200 && this.switches(response)) return;
    this.phase = Phase.responding;
    this.ended = false;
    exchange.status = response.status;
    exchange.responseHeaders = response.headerList;
    // A client that still sends its body over HTTP/1.1 can't be told apart from one that sends the next request.
    if (this.receiving) wire.endAfterResponse();
    if (isOutlived(response.status, connection.tlsOptions)) wire.beLast();
    const { method } = exchange;
    const body = bodyToSend(response, method);
    const taken = wire.head(response, method, lengthToSay(response, body, method), body === null);
    if (taken === Taken.refused) {
      body?.cancel(UNSENDABLE);
      this.phase = Phase.handling;
      this.respondTo(UNSENDABLE);
    } else if (body === null) {
      this.ended = true;
      if (taken === Taken.all) this.finish();
      else this.queued(taken);
    } else {
      this.responseBody = body;
      body.pipe(this);
      // What was at hand is out of the body now, and its end may be long in coming.
      if (this.responseBody === body) this.bodyFlush();
    }
  }

  /** True where that interim response is the last word, or was replaced by one. */
  private switches(response: LazyResponse): true {
    const exchange = this.exchange!;
    const { tunnel } = response;
    if (tunnel !== null && response.status === 101) {
      exchange.status = 101;
      exchange.responseHeaders = response.headerList;
      this.phase = Phase.over;
      if (this.wire.join(response, tunnel, exchange)) {
        this.exchange = null;
        return true;
      }
      this.phase = Phase.handling;
    }
    discard(response);
    this.connection.entry.logger.error("A handler answered with an interim status", {
      status: response.status,
    });
    this.respondTo(MISUSED_INTERIM);
    return true;
  }

  get holdsBytes(): boolean {
    return this.wire.holdsBytes;
  }

  bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    const body = this.responseBody!;
    const sent = (this.exchange!.responseBytes += end - start);
    if (body.length >= 0 && sent > body.length) this.responseBroken(MISCOUNTED);
    else this.heed(this.wire.write(bytes, start, end));
  }

  bodyFlush(): void {
    this.heed(this.wire.flush());
  }

  bodyEnd(): void {
    const body = this.responseBody!;
    if (body.length >= 0 && body.length !== this.exchange!.responseBytes) {
      this.responseBroken(MISCOUNTED);
      return;
    }
    this.ended = true;
    if (body.trailers !== null) this.exchange!.responseTrailers = body.trailers;
    const taken = this.wire.end(body.trailers);
    if (taken === Taken.all) this.finish();
    else if (taken === Taken.refused) this.responseBroken(UNSENDABLE);
    else {
      this.queued(taken);
      this.heed(taken);
    }
  }

  /**
   * The rest of the response waits for the connection alone. The client may have its end before this
   * side hears that the system took it: what hears of the end does so now.
   */
  private queued(taken: Taken): void {
    if (taken === Taken.backlog) this.exchange!.finish();
  }

  bodyFail(error: ProxyError): void {
    this.responseBroken(error);
  }

  private heed(taken: Taken): void {
    if (taken === Taken.all) return;
    this.responseBody?.pause();
    if (taken === Taken.stalled) this.stalled();
  }

  /** The wire takes bytes again, or may. */
  writable(): void {
    if (this.phase !== Phase.responding) return;
    const taken = this.wire.resume();
    if (taken !== Taken.all) this.heed(taken);
    else if (this.ended) this.finish();
    else this.responseBody?.resume();
  }

  /** Cut short above, cut short below: never a clean end. */
  private responseBroken(error: ProxyError): void {
    this.connection.entry.logger.debug("A response broke off", {
      error: error.message,
      service: this.exchange?.service ?? "",
    });
    this.cut(Reset.broken, error);
  }

  // --- the end ---

  private finish(): void {
    const exchange = this.exchange!;
    const unread = this.requestBody;
    this.phase = Phase.sent;
    this.exchange = null;
    this.requestBody = null;
    this.responseBody = null;
    this.expectNothing();
    exchange.finish();
    // Its reader may still wait for the rest.
    if (unread === null) exchange.recycle();
    else unread.fail(UNREAD);
    // What hears of the end may have cut the connection.
    if (this.phase === Phase.sent) this.wire.sent(this.receiving);
  }

  /** The client has closed its side: what is still on its way to us for it is called off. */
  clientEnded(): void {
    const error = clientGone("The client closed the connection");
    if (this.phase === Phase.handling) this.giveUp(error);
    else if (this.phase === Phase.responding && this.responseBody?.complete === false) {
      this.cut(Reset.late, error);
    }
  }

  /** Ends the exchange without a (whole) response, which the client is told. */
  cut(why: Reset, error: ProxyError): void {
    this.wire.reset(why);
    this.breakOff(error);
  }

  /** Ends the exchange, if there is one, without a (whole) response. */
  breakOff(error: ProxyError): void {
    const { exchange, requestBody, responseBody } = this;
    if (this.phase === Phase.idle || this.phase === Phase.over) return;
    this.phase = Phase.over;
    this.exchange = null;
    this.requestBody = null;
    this.responseBody = null;
    this.expectNothing();
    this.wire.over();
    if (exchange === null) return;
    exchange.error ??= error;
    if (exchange.status === 0) exchange.status = statusOf(error);
    exchange.abort(error);
    requestBody?.fail(error);
    responseBody?.cancel(error);
    exchange.finish();
  }

  // --- time limits ---

  /** `due` has passed. */
  expired(): void {
    this.expectNothing();
    if (this.phase !== Phase.handling) {
      this.cut(Reset.late, clientGone("The client did not keep to the time limits"));
    } else if (this.receiving) {
      this.requestBroken(readTimeoutPassed("body"));
    } else {
      this.giveUp(writeTimeoutPassed());
    }
  }

  /** What the handler waits for is called off, and the client hears of it. */
  giveUp(error: ProxyError): void {
    const { exchange } = this;
    if (exchange === null || this.phase !== Phase.handling) return;
    // The handler's own answer may still come: it must not meet the next request.
    this.wire.endAfterResponse();
    this.expectLast(LAST_WORDS);
    exchange.abort(error);
    // A call to an upstream has answered by now; another handler may never do.
    if (this.exchange === exchange && this.phase === Phase.handling) this.respondTo(error);
  }
}
