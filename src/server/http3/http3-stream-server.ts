import { messageOf, ProxyError, statusOf } from "../../core/errors.ts";
import { Body, type BodySource } from "../../http/body.ts";
import { type Downstream, Exchange, type HandshakeOptions } from "../../http/exchange.ts";
import { LazyResponse } from "../../http/lazy/lazy-response.ts";
import type { Address } from "../../net/connection.ts";
import {
  Http3Error,
  type Http3Fields,
  type Http3Stream,
  type Http3StreamHandler,
} from "../../net/http3.ts";
import type { TlsInfo } from "../../net/tls.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import { callHandler, type HandlerCaller } from "../exchange/call-handler.ts";
import {
  bodyTooFast,
  clientGone,
  discard,
  LAST_WORDS,
  readTimeoutPassed,
  streamGone,
  writeTimeoutPassed,
} from "../exchange/exchange-endings.ts";
import { awaitBody, bodyToSend, lengthToSay, UNREAD } from "../exchange/response-framing.ts";
import { finalHead, interimHead, UNSENDABLE } from "./http3-fields.ts";
import { Http3ResponseBody, type Http3ResponseOwner } from "./http3-response-body.ts";
import type { Http3Server } from "./http3-server.ts";
import { Http3Timeouts } from "./http3-timeouts.ts";
import {
  announcesBody,
  type Http3Head,
  http3Head,
  http3Trailers,
  isTooLarge,
  MalformedRequest,
  requestFromHttp3,
} from "./request-from-http3.ts";

const MISCOUNTED_REQUEST = "The body has another length than Content-Length says";

const Phase = {
  /** The head is there; nobody has it yet. */
  arrived: 0,
  /** A handler has the request. */
  handling: 1,
  /** The response is on its way. */
  responding: 2,
  /** The response has been handed to the stream, whole. */
  sent: 3,
  over: 4,
} as const;

/** One request on an HTTP/3 connection, and its response. */
export class Http3StreamServer
  implements Downstream, Http3StreamHandler, Http3ResponseOwner, HandlerCaller, BodySource
{
  readonly protocol = "HTTP/3.0";
  private readonly server: Http3Server;
  private readonly stream: Http3Stream;
  private readonly exchange: Exchange;
  private readonly timeouts: Http3Timeouts;
  private phase: number = Phase.arrived;
  /** Null where it was malformed or too large. */
  private head: Http3Head | null = null;
  /** The request body while it is being received. */
  private requestBody: Body | null = null;
  private continueOwed = false;
  /** The request isn't complete. */
  private receiving = true;
  private responseBody: Http3ResponseBody | null = null;

  constructor(server: Http3Server, stream: Http3Stream) {
    this.server = server;
    this.stream = stream;
    this.exchange = new Exchange(this);
    this.timeouts = new Http3Timeouts(server.entry.deadlines, () => this.expired());
  }

  /** The request's head, before anything else is heard of it. */
  begin(lines: Http3Fields): void {
    const { server } = this;
    const { entry } = server;
    entry.requestCount++;
    this.timeouts.expect(entry.readTimeout);
    this.exchange.method = lines.find(([name]) => name === ":method")?.[1] ?? "";
    if (isTooLarge(lines, entry.limits)) {
      this.answerAtOnce(431, "The request's head is larger than allowed");
      return;
    }
    const head = this.checked(() => http3Head(lines));
    if (head === undefined) return;
    this.head = head;
    if (!announcesBody(head)) return;
    this.requestBody = new Body(this, head.contentLength);
    // Not before the runtime knows whom it gives the rest of the request to.
    queueMicrotask(() => this.dispatch());
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

  get tls(): TlsInfo {
    return this.server.tls;
  }

  get tlsOptions(): HandshakeOptions {
    return this.server.tlsOptions;
  }

  informational(status: number, headers: HeaderList): void {
    if (this.phase !== Phase.handling) return;
    this.stream.sendHead(interimHead(status, headers), false);
  }

  // --- the request ---

  private dispatch(): void {
    const { head, exchange } = this;
    if (head === null || this.phase !== Phase.arrived) return;
    // Not when the head came: before the rest does, a reload may demand more of clients.
    const { misdirected } = this.server;
    if (misdirected !== undefined) {
      this.answerAtOnce(421, misdirected);
      return;
    }
    this.phase = Phase.handling;
    if (head.method === "CONNECT") {
      this.respond(LazyResponse.of(LazyResponse.text(501)));
      return;
    }
    const body = this.requestBody;
    const request = requestFromHttp3(exchange, head, body);
    this.continueOwed = body !== null && request.headerList.has("expect");
    callHandler(this.server.entry.handler, request, exchange, this);
  }

  data(bytes: Uint8Array): void {
    const { head, exchange } = this;
    exchange.requestBytes += bytes.length;
    if (head === null || this.phase >= Phase.sent) return;
    if (this.phase === Phase.arrived && this.requestBody === null) {
      if (head.contentLength === 0) {
        this.refuse("A body behind Content-Length: 0");
        return;
      }
      this.requestBody = new Body(this, -1);
      queueMicrotask(() => this.dispatch());
    }
    if (head.contentLength >= 0 && exchange.requestBytes > head.contentLength) {
      this.refuse(MISCOUNTED_REQUEST);
      return;
    }
    this.requestBody?.push(bytes, 0, bytes.length);
  }

  flush(): void {
    this.requestBody?.flush();
  }

  end(trailers: Http3Fields | null): void {
    const { head, exchange, requestBody, server } = this;
    this.receiving = false;
    if (head === null || this.phase >= Phase.sent) return;
    this.timeouts.expect(server.entry.writeTimeout);
    this.continueOwed = false;
    if (head.contentLength > 0 && exchange.requestBytes !== head.contentLength) {
      this.refuse(MISCOUNTED_REQUEST);
      return;
    }
    const received = trailers && this.checked(() => http3Trailers(trailers, server.entry.limits));
    if (received === undefined) return;
    this.requestBody = null;
    requestBody?.finish(received);
    if (requestBody === null) this.dispatch();
  }

  overflow(): void {
    const body = this.requestBody;
    this.receiving = false;
    if (this.phase === Phase.handling) {
      const error = bodyTooFast();
      this.requestBody = null;
      this.giveUp(error);
      body?.fail(error);
    } else if (this.phase === Phase.responding) {
      this.stream.reset(Http3Error.excessiveLoad);
      this.breakOff(bodyTooFast());
    }
  }

  /** What `check` returns; undefined where the request is malformed, and over. */
  private checked<T>(check: () => T): T | undefined {
    try {
      return check();
    } catch (error) {
      if (!(error instanceof MalformedRequest)) throw error;
      this.refuse(error.message);
      return undefined;
    }
  }

  /** Malformed (RFC 9114 section 4.1.2). */
  private refuse(reason: string): void {
    this.server.entry.logger.debug("Refused a malformed HTTP/3 request", {
      remote: this.remote.ip,
      reason,
    });
    this.stream.reset(Http3Error.messageError);
    this.breakOff(new ProxyError("bad-request", "downstream", reason));
  }

  /** Without a look at routers: they never get to see this request. */
  private answerAtOnce(status: number, reason: string): void {
    this.server.entry.logger.debug("Refused an HTTP/3 request", {
      remote: this.remote.ip,
      status,
      reason,
    });
    this.phase = Phase.handling;
    this.head = null;
    queueMicrotask(() => this.respond(LazyResponse.of(LazyResponse.text(status))));
  }

  startBody(): void {
    if (!this.continueOwed || this.phase !== Phase.handling) return;
    this.continueOwed = false;
    this.stream.sendHead([[":status", "100"]], false);
  }

  pauseBody(): void {
    this.stream.pause();
  }

  resumeBody(): void {
    this.stream.resume();
  }

  /** What still comes is dropped. */
  cancelBody(): void {
    this.requestBody = null;
    this.stream.resume();
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
    const { exchange } = this;
    if (this.phase !== Phase.handling) {
      discard(response);
      return;
    }
    this.phase = Phase.responding;
    exchange.status = response.status;
    exchange.responseHeaders = response.headerList;
    const body = bodyToSend(response, exchange.method);
    const length = lengthToSay(response, body, exchange.method);
    const head = finalHead(response.status, response.headerList, length);
    if (!this.stream.sendHead(head, body === null)) {
      body?.cancel(UNSENDABLE);
      exchange.error ??= UNSENDABLE;
      this.phase = Phase.handling;
      this.respond(LazyResponse.of(LazyResponse.text(statusOf(UNSENDABLE))));
      return;
    }
    if (body === null) {
      this.finish();
      return;
    }
    this.responseBody = new Http3ResponseBody(this, this.stream, exchange, body);
    this.responseBody.begin();
  }

  responseSent(): void {
    this.responseBody = null;
    this.finish();
  }

  /** Cut short above, cut short below: never a clean end. */
  responseBroken(error: ProxyError): void {
    this.server.entry.logger.debug("A response broke off", {
      error: error.message,
      service: this.exchange.service,
    });
    this.responseBody = null;
    this.stream.reset(Http3Error.internalError);
    this.breakOff(error);
  }

  /** The client has so long to open its windows. */
  responseStalled(): void {
    this.timeouts.stalled(this.server.entry.idleTimeout);
  }

  drain(): void {
    if (this.phase !== Phase.responding) return;
    this.timeouts.moved();
    this.responseBody?.resume();
  }

  // --- the end ---

  /** What is left of the response is the stream's to send; of the request, nobody's. */
  private finish(): void {
    const { requestBody, server } = this;
    this.phase = Phase.sent;
    this.requestBody = null;
    this.timeouts.moved();
    this.timeouts.expect(server.entry.idleTimeout);
    if (this.receiving) this.stream.stopReading();
    this.exchange.finish();
    // Somebody may still be reading it.
    requestBody?.fail(UNREAD);
  }

  close(error?: Error): void {
    if (this.phase === Phase.sent) {
      this.leave();
      return;
    }
    this.breakOff(streamGone(error));
  }

  private leave(): void {
    if (this.phase === Phase.sent) this.server.answered();
    else if (this.phase < Phase.responding) this.server.unanswered();
    this.phase = Phase.over;
    this.timeouts.end();
    this.server.streamOver(this);
  }

  /** Ends the exchange without a (whole) response. */
  breakOff(error: ProxyError): void {
    if (this.phase === Phase.over) return;
    const { exchange, requestBody, responseBody } = this;
    const sent = this.phase === Phase.sent;
    this.leave();
    if (sent) return;
    this.requestBody = null;
    this.responseBody = null;
    exchange.error ??= error;
    if (exchange.status === 0) exchange.status = statusOf(error);
    exchange.abort(error);
    requestBody?.fail(error);
    responseBody?.cancel(error);
    exchange.finish();
  }

  private expired(): void {
    if (this.phase === Phase.handling && this.requestBody !== null) {
      const body = this.requestBody;
      this.requestBody = null;
      this.timeouts.expect(LAST_WORDS);
      body.fail(readTimeoutPassed("body"));
    } else if (this.phase === Phase.handling) {
      this.giveUp(writeTimeoutPassed());
    } else {
      this.stream.reset(Http3Error.requestCancelled);
      this.breakOff(clientGone("The client did not keep to the time limits"));
    }
  }

  /** What the handler waits for is called off, and the client hears of it. */
  private giveUp(error: ProxyError): void {
    const { exchange } = this;
    this.timeouts.expect(LAST_WORDS);
    exchange.abort(error);
    // A call to an upstream has answered by now; another handler may never do.
    if (this.phase === Phase.handling) {
      exchange.error ??= error;
      this.respond(LazyResponse.of(LazyResponse.text(statusOf(error))));
    }
  }
}
