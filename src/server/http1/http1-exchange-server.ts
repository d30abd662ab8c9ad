import { latin1Bytes } from "../../core/bytes.ts";
import { messageOf, type ProxyError, statusOf } from "../../core/errors.ts";
import type { Body } from "../../http/body.ts";
import { type Downstream, Exchange, type HandshakeOptions } from "../../http/exchange.ts";
import { LazyResponse, reasonOf, type Tunnel } from "../../http/lazy/lazy-response.ts";
import type { Address } from "../../net/connection.ts";
import type { TlsInfo } from "../../net/tls.ts";
import { HeaderList } from "../../wire/header-list.ts";
import type { RequestHead } from "../../wire/http1/message.ts";
import { callHandler, type HandlerCaller } from "../exchange/call-handler.ts";
import { discard, readTimeoutPassed, writeTimeoutPassed } from "../exchange/exchange-endings.ts";
import { isOutlived } from "../exchange/handshake-tls-options.ts";
import { awaitBody, BodyLength } from "../exchange/response-framing.ts";
import type { RequestOwner } from "./http1-request-reader.ts";
import { Http1Response, type ResponseOwner } from "./http1-response.ts";
import type { Http1Server } from "./http1-server.ts";
import { requestFromHead } from "./request-from-head.ts";
import { Persistence, writeResponseHead } from "./response-head.ts";

const CONTINUE = latin1Bytes("HTTP/1.1 100 Continue\r\n\r\n");

const Phase = {
  /** No request is there. */
  idle: 0,
  /** A handler has the request. */
  handling: 1,
  /** The response is on its way. */
  responding: 2,
} as const;

/** The present request on an HTTP/1.1 connection, and its response: the same object for all of them, one by one. */
export class Http1ExchangeServer implements Downstream, RequestOwner, HandlerCaller, ResponseOwner {
  protocol = "HTTP/1.1";
  private readonly server: Http1Server;
  private readonly response: Http1Response;
  private phase: number = Phase.idle;
  private exchange: Exchange | null = null;
  private expectContinue = false;
  private bodyPaused = false;

  constructor(server: Http1Server) {
    this.server = server;
    this.response = new Http1Response(server.writer, this);
  }

  get underWay(): boolean {
    return this.phase !== Phase.idle;
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
    if (this.protocol === "HTTP/1.0" || this.phase !== Phase.handling) return;
    const { writer } = this.server;
    writeResponseHead(
      writer,
      new LazyResponse(status, headers, null),
      BodyLength.unsaid,
      Persistence.implied,
    );
    writer.flush();
  }

  // --- the request ---

  requestBegins(): void {
    this.server.armRead();
  }

  requestArrived(head: RequestHead, body: Body | null): void {
    const { response, server } = this;
    const { entry } = server;
    entry.requestCount++;
    this.phase = Phase.handling;
    this.protocol = head.minor === 1 ? "HTTP/1.1" : "HTTP/1.0";
    this.expectContinue = head.expectContinue;
    response.keepAlive = head.keepAlive && server.mayPersist;
    const fields = new HeaderList(head.bytes, head.fields);
    const exchange = new Exchange(this);
    const request = requestFromHead(exchange, head, fields, body);
    if (body !== null) exchange.requestBytes = body.received;
    this.exchange = exchange;
    callHandler(entry.handler, request, exchange, this);
  }

  requestReceived(length: number): void {
    if (this.exchange !== null) this.exchange.requestBytes += length;
  }

  requestEnded(): void {
    // The end of a body may arrive with the bytes that made its reader ask for a pause.
    if (this.bodyPaused) this.resumeBody();
    this.server.armWrite();
  }

  /** Answered where that is still possible; in any case the connection's last. */
  requestBroken(error: ProxyError): void {
    const { exchange, server } = this;
    const status = statusOf(error);
    server.entry.logger.debug("Refused a request", {
      remote: server.remote.ip,
      status,
      reason: error.message,
    });
    this.response.keepAlive = false;
    if (exchange === null) {
      server.armLastWords();
      this.exchange = new Exchange(this);
      this.exchange.status = status;
      this.phase = Phase.responding;
      const response = LazyResponse.text(status, `${status} ${reasonOf(status)}`);
      this.response.send(LazyResponse.of(response), this.exchange);
      return;
    }
    // The body is broken: whoever reads it has to hear of it, then answers, or the answer is cut.
    const { body } = server.reader;
    if (this.phase === Phase.handling && body !== null) {
      server.connection.pause();
      server.armWrite();
      body.fail(error);
    } else {
      this.breakOff(error);
      server.connection.reset();
    }
  }

  startBody(): void {
    const { reader, writer } = this.server;
    // A client whose body has all come waits for nothing.
    if (!this.expectContinue || reader.body === null || this.phase !== Phase.handling) return;
    writer.write(CONTINUE, 0, CONTINUE.length);
    writer.flush();
  }

  pauseBody(): void {
    this.bodyPaused = true;
    this.server.connection.pause();
  }

  resumeBody(): void {
    this.bodyPaused = false;
    this.server.connection.resume();
  }

  cancelBody(): void {
    // What still comes of it is read and dropped until the response is sent; then the connection closes.
    this.response.keepAlive = false;
  }

  // --- the response ---

  // Bound once a connection, not once a request.
  readonly answer = (response: Response): void => {
    const lazy = LazyResponse.of(response);
    if (lazy.adopted && lazy.hasBody) void awaitBody(lazy).then(() => this.respond(lazy));
    else this.respond(lazy);
  };

  readonly respondToFailure = (error: unknown): void => {
    const { exchange } = this;
    if (exchange === null) return;
    exchange.error ??= error;
    this.server.entry.logger.error("A handler failed outside recovery", {
      error: messageOf(error),
    });
    this.respond(LazyResponse.of(LazyResponse.text(statusOf(error))));
  };

  private respond(response: LazyResponse): void {
    const { exchange, server } = this;
    if (exchange === null || this.phase !== Phase.handling) {
      discard(response);
      return;
    }
    this.phase = Phase.responding;
    exchange.status = response.status;
    exchange.responseHeaders = response.headerList;
    if (response.tunnel !== null) {
      this.switchProtocols(response, response.tunnel, exchange);
      return;
    }
    // A client that still sends its body can't be told apart from one that sends the next request.
    if (server.reader.body !== null || isOutlived(response.status, server.tlsOptions)) {
      this.response.keepAlive = false;
    }
    this.response.send(response, exchange);
  }

  private switchProtocols(response: LazyResponse, tunnel: Tunnel, exchange: Exchange): void {
    const { server } = this;
    writeResponseHead(
      server.writer,
      response,
      BodyLength.unsaid,
      Persistence.implied,
      tunnel.protocol,
    );
    server.writer.flush();
    this.exchange = null;
    this.phase = Phase.idle;
    server.join(tunnel, exchange);
  }

  /** The connection takes bytes again. */
  drained(): void {
    this.response.drained();
  }

  responseSent(): void {
    const exchange = this.exchange!;
    this.exchange = null;
    exchange.finish();
    // What hears of the end may have cut the connection.
    if (this.phase !== Phase.responding) return;
    this.phase = Phase.idle;
    if (this.response.keepAlive) this.server.nextRequest();
    else this.server.lastResponseSent();
  }

  responseBroken(error: ProxyError): void {
    const { server } = this;
    server.entry.logger.debug("A response broke off", {
      error: error.message,
      service: this.exchange?.service ?? "",
    });
    this.breakOff(error);
    // Where the connection's end says where the body ends, only a reset says that it broke off.
    if (this.protocol === "HTTP/1.0") server.connection.reset();
    else server.linger();
  }

  /** The present response, if there is one, is the connection's last. */
  beLast(): void {
    this.response.keepAlive = false;
  }

  // --- the end ---

  /** Ends the exchange, if there is one, without a (whole) response, and with it the connection's service. */
  breakOff(error: ProxyError): void {
    const { exchange, server } = this;
    const { body } = server.reader;
    server.leave();
    this.phase = Phase.idle;
    if (exchange === null) return;
    this.exchange = null;
    exchange.error ??= error;
    if (exchange.status === 0) exchange.status = statusOf(error);
    exchange.abort(error);
    body?.fail(error);
    this.response.cancel(error);
    exchange.finish();
  }

  expired(): void {
    if (this.server.reader.body !== null) this.requestBroken(readTimeoutPassed("body"));
    else if (this.phase === Phase.handling) this.giveUp();
    else this.server.clientGone("The response was not sent within the writeTimeout");
  }

  /** The writeTimeout has passed without a response: what the handler waits for is called off, and the client hears of it. */
  private giveUp(): void {
    const exchange = this.exchange!;
    const error = writeTimeoutPassed();
    this.response.keepAlive = false;
    this.server.armLastWords();
    exchange.abort(error);
    // A call to an upstream has answered by now; another handler may never do.
    if (this.exchange === exchange && this.phase === Phase.handling) {
      exchange.error ??= error;
      this.respond(LazyResponse.of(LazyResponse.text(statusOf(error))));
    }
  }
}
