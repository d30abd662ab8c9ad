import { latin1Bytes } from "../core/bytes.ts";
import { messageOf, ProxyError, statusOf } from "../core/errors.ts";
import { type Expiring, now } from "../core/timers.ts";
import { Body, type BodySource } from "../http/body.ts";
import { type Downstream, Exchange, type HandshakeOptions } from "../http/exchange.ts";
import { HeaderList } from "../http/header-list.ts";
import { LazyResponse, reasonOf, type Tunnel } from "../http/lazy-response.ts";
import { PendingResponse } from "../http/pending-response.ts";
import type { Address, Connection, ConnectionHandler } from "../net/connection.ts";
import { ConnectionWriter, type WriterOwner } from "../net/connection-writer.ts";
import type { TlsInfo } from "../net/tls.ts";
import type { Fields } from "../wire/fields.ts";
import { Framing, type MessageSink, type RequestHead } from "../wire/http1/message.ts";
import { RequestParser } from "../wire/http1/request-parser.ts";
import {
  clientGone,
  discard,
  graceTimeOver,
  LAST_WORDS,
  readTimeoutPassed,
  writeTimeoutPassed,
} from "./exchange-endings.ts";
import type { HttpEntryPoint } from "./http-entry-point.ts";
import { Http1Response, type ResponseOwner } from "./http1-response.ts";
import { LingeringConnection } from "./lingering-connection.ts";
import { requestFromHead } from "./request-from-head.ts";
import { awaitBody, BodyLength, UNREAD } from "./response-framing.ts";
import { Persistence, writeResponseHead } from "./response-head.ts";
import { Stash } from "./stash.ts";

const CONTINUE = latin1Bytes("HTTP/1.1 100 Continue\r\n\r\n");

const Phase = {
  /** Between requests, or in a request's head. */
  reading: 0,
  /** A handler has the request. */
  handling: 1,
  /** The response's body is on its way. */
  responding: 2,
  /** Closed, or handed over: to a tunnel, or to linger behind its last response. */
  over: 3,
} as const;

/**
 * An HTTP/1.1 connection in the server role (RFC 9112): one request at a time, in order. Requests
 * that arrive meanwhile wait unparsed.
 */
export class Http1Server
  implements
    ConnectionHandler,
    MessageSink<RequestHead>,
    BodySource,
    ResponseOwner,
    WriterOwner,
    Expiring,
    Downstream
{
  deadline = 0;
  readonly remote: Address;
  readonly local: Address;
  readonly tls: TlsInfo | null;
  readonly tlsOptions: HandshakeOptions | null;
  protocol = "HTTP/1.1";
  private readonly connection: Connection;
  private readonly entry: HttpEntryPoint;
  private readonly parser: RequestParser;
  private readonly writer: ConnectionWriter;
  private readonly response: Http1Response;
  private readonly stash: Stash;
  private readonly openedAt = now();
  private phase: number = Phase.reading;
  private head: RequestHead | null = null;
  private exchange: Exchange | null = null;
  /** The request body while it is being received. */
  private requestBody: Body | null = null;
  /** A body that was complete before its request was dispatched. */
  private wholeBody: Body | null = null;
  private bodyPaused = false;
  private continueOwed = false;
  private requests = 0;
  /** The client has sent FIN. */
  private peerEnded = false;
  private inRead = false;
  // Bound once a connection, not once a request.
  private readonly answered = (response: Response) => this.answer(response);
  private readonly failed = (error: unknown) => this.respondToFailure(error);

  /** `remote` and `local` may be what a PROXY protocol header said instead of the connection's own. */
  constructor(
    connection: Connection,
    entry: HttpEntryPoint,
    remote = connection.remote,
    local = connection.local,
    tlsOptions: HandshakeOptions | null = null,
  ) {
    this.connection = connection;
    this.entry = entry;
    this.remote = remote;
    this.local = local;
    this.tls = connection.tls;
    this.tlsOptions = tlsOptions;
    this.parser = new RequestParser(entry.limits, this);
    this.writer = new ConnectionWriter(connection, this);
    this.response = new Http1Response(this.writer, this);
    this.stash = new Stash(connection);
    this.armRead();
    entry.deadlines.add(this);
    entry.connections.add(this);
  }

  get entryPoint(): string {
    return this.entry.name;
  }

  // --- the connection ---

  data(chunk: Uint8Array): void {
    switch (this.phase) {
      case Phase.reading:
        this.read(chunk);
        break;
      case Phase.over:
        break;
      default:
        if (this.requestBody !== null) this.read(chunk);
        else this.stash.keep(chunk);
    }
  }

  /** Reads requests until the bytes run out or one is not answered at once. */
  private read(chunk: Uint8Array): void {
    // A loop, not a recursion: a handler may answer a long pipeline without ever returning to the event loop.
    this.inRead = true;
    let next: Uint8Array | null = chunk;
    while (next !== null) {
      this.readOne(next);
      next = this.phase === Phase.reading ? this.stash.take() : null;
    }
    this.inRead = false;
    if (this.peerEnded && this.phase === Phase.reading) this.end();
  }

  /** Parses until the chunk or the request ends, then lets a handler have what is new. */
  private readOne(chunk: Uint8Array): void {
    if (this.parser.idle && this.requests > 0) this.armRead();
    let at: number;
    const body = this.requestBody;
    try {
      at = this.parser.parse(chunk, 0, chunk.length);
    } catch (error) {
      this.refuse(
        error instanceof ProxyError
          ? error
          : new ProxyError("handler-failed", "internal", messageOf(error), { cause: error }),
      );
      return;
    }
    body?.flush();
    if (this.phase === Phase.over) return;
    if (at < chunk.length) this.stash.keep(at === 0 ? chunk : chunk.subarray(at));
    if (this.head !== null) this.dispatch(this.head);
  }

  drain(): void {
    this.writer.drain();
  }

  /** FIN: the client sends nothing more but may well wait for the answer. */
  end(): void {
    this.peerEnded = true;
    if (this.phase === Phase.reading && !this.inRead) {
      this.over();
      this.connection.close();
    } else if (this.requestBody !== null) {
      this.clientGone("The client closed the connection in the middle of a request body");
    }
  }

  close(error?: Error): void {
    if (this.phase === Phase.over) return;
    this.clientGone(
      error === undefined
        ? "The client closed the connection"
        : `The client's connection failed: ${error.message}`,
    );
  }

  private clientGone(reason: string): void {
    this.breakOff(clientGone(reason));
    this.connection.reset();
  }

  /** Ends the exchange, if there is one, without a (whole) response. */
  private breakOff(error: ProxyError): void {
    const { exchange, requestBody } = this;
    this.over();
    if (exchange === null) return;
    this.exchange = null;
    exchange.error ??= error;
    if (exchange.status === 0) exchange.status = statusOf(error);
    exchange.abort(error);
    requestBody?.fail(error);
    this.response.cancel(error);
    exchange.finish();
  }

  private over(): void {
    this.phase = Phase.over;
    this.deadline = 0;
    this.requestBody = null;
    this.stash.drop();
    this.entry.deadlines.remove(this);
    this.entry.connections.delete(this);
  }

  // --- a request, as the parser finds it ---

  messageHead(head: RequestHead): void {
    if (head.method === "CONNECT") {
      throw new ProxyError("not-implemented", "downstream", "CONNECT: this is no forward proxy");
    }
    this.head = head;
    this.requests++;
    this.protocol = head.minor === 1 ? "HTTP/1.1" : "HTTP/1.0";
    this.response.keepAlive = head.keepAlive;
    this.continueOwed = head.expectContinue;
    this.requestBody =
      head.framing === Framing.none
        ? null
        : new Body(this, head.framing === Framing.length ? head.contentLength : -1);
  }

  messageBody(bytes: Uint8Array, start: number, end: number): void {
    this.requestBody!.push(bytes, start, end);
    if (this.exchange !== null) this.exchange.requestBytes += end - start;
  }

  messageEnd(trailers: Fields | null, bytes: Uint8Array): void {
    const body = this.requestBody;
    this.requestBody = null;
    this.continueOwed = false;
    // The end of a body may arrive with the bytes that made its reader ask for a pause.
    if (this.bodyPaused) this.resumeBody();
    this.armWrite();
    if (body === null) return;
    if (this.head !== null) this.wholeBody = body;
    body.finish(trailers === null ? null : new HeaderList(bytes, trailers));
  }

  private dispatch(head: RequestHead): void {
    const { entry } = this;
    const body = this.requestBody ?? this.wholeBody;
    this.head = null;
    this.wholeBody = null;
    this.phase = Phase.handling;
    entry.requestCount++;
    const fields = new HeaderList(head.bytes, head.fields);
    const exchange = new Exchange(this);
    const request = requestFromHead(exchange, head, fields, body);
    if (body !== null) exchange.requestBytes = body.received;
    this.exchange = exchange;
    if (this.requests >= entry.keepAliveMaxRequests || entry.draining || this.tooOld())
      this.response.keepAlive = false;
    let result: Response | Promise<Response>;
    try {
      result = entry.handler(request as unknown as Request, exchange);
    } catch (error) {
      this.respondToFailure(error);
      return;
    }
    if (result instanceof PendingResponse) result.deliverTo(this.answered, this.failed);
    else if (result instanceof Promise) result.then(this.answered, this.failed);
    else this.answer(result);
  }

  private tooOld(): boolean {
    const { keepAliveMaxTime } = this.entry;
    return keepAliveMaxTime !== 0 && now() - this.openedAt >= keepAliveMaxTime;
  }

  // --- the response ---

  private answer(response: Response): void {
    const lazy = LazyResponse.of(response);
    if (lazy.adopted && lazy.hasBody) void this.answerAdopted(lazy);
    else this.respond(lazy);
  }

  private async answerAdopted(response: LazyResponse): Promise<void> {
    await awaitBody(response);
    this.respond(response);
  }

  private respondToFailure(error: unknown): void {
    const { exchange } = this;
    if (exchange === null) return;
    exchange.error ??= error;
    this.entry.logger.error("A handler failed outside recovery", { error: messageOf(error) });
    this.respond(LazyResponse.of(LazyResponse.text(statusOf(error))));
  }

  private respond(response: LazyResponse): void {
    const { exchange } = this;
    if (exchange === null || this.phase !== Phase.handling) {
      // The client went away meanwhile.
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
    if (this.requestBody !== null) this.response.keepAlive = false;
    this.response.send(response, exchange);
  }

  responseBroken(error: ProxyError): void {
    const closeDelimited = this.protocol === "HTTP/1.0";
    this.entry.logger.debug("A response broke off", {
      error: error.message,
      service: this.exchange?.service ?? "",
    });
    this.breakOff(error);
    if (closeDelimited) this.connection.reset();
    else new LingeringConnection(this.entry, this.connection, this.writer);
  }

  drained(): void {
    this.response.drained();
  }

  responseSent(): void {
    const exchange = this.exchange!;
    this.exchange = null;
    exchange.finish();
    if (this.phase !== Phase.responding) return;
    if (!this.response.keepAlive) this.lastResponseSent();
    else this.nextRequest();
  }

  private nextRequest(): void {
    this.phase = Phase.reading;
    this.parser.next();
    const { idleTimeout } = this.entry;
    this.deadline = this.entry.deadlines.after(idleTimeout);
    if (this.inRead) return;
    const stash = this.stash.take();
    if (stash !== null) this.read(stash);
    else if (this.peerEnded) this.end();
  }

  private lastResponseSent(): void {
    const { requestBody } = this;
    this.over();
    if (this.peerEnded) this.connection.close();
    else new LingeringConnection(this.entry, this.connection, this.writer);
    // Somebody may still be reading it.
    requestBody?.fail(UNREAD);
  }

  /** Answers what can't be read as a request, and closes. */
  private refuse(error: ProxyError): void {
    const status = statusOf(error);
    this.entry.logger.debug("Refused a request", {
      remote: this.remote.ip,
      status,
      reason: error.message,
    });
    if (this.exchange !== null) {
      // The body is broken: whoever reads it has to hear of it, then answers, or the answer is cut.
      this.response.keepAlive = false;
      const body = this.requestBody;
      if (this.phase === Phase.handling && body !== null) {
        this.stopReading();
        this.armWrite();
        body.fail(error);
      } else {
        this.breakOff(error);
        this.connection.reset();
      }
      return;
    }
    this.response.keepAlive = false;
    this.deadline = this.entry.deadlines.after(LAST_WORDS);
    const response = LazyResponse.of(LazyResponse.text(status, `${status} ${reasonOf(status)}`));
    this.exchange = new Exchange(this);
    this.exchange.status = status;
    this.phase = Phase.responding;
    this.response.send(response, this.exchange);
  }

  private stopReading(): void {
    this.connection.pause();
  }

  // --- interim responses and upgrades ---

  startBody(): void {
    if (!this.continueOwed || this.phase !== Phase.handling) return;
    this.continueOwed = false;
    this.writer.write(CONTINUE, 0, CONTINUE.length);
    this.writer.flush();
  }

  informational(status: number, headers: HeaderList): void {
    if (this.protocol === "HTTP/1.0" || this.phase !== Phase.handling) return;
    writeResponseHead(
      this.writer,
      new LazyResponse(status, headers, null),
      BodyLength.unsaid,
      Persistence.implied,
    );
    this.writer.flush();
  }

  private switchProtocols(response: LazyResponse, tunnel: Tunnel, exchange: Exchange): void {
    const early = this.stash.drop() ?? new Uint8Array(0);
    writeResponseHead(
      this.writer,
      response,
      BodyLength.unsaid,
      Persistence.implied,
      tunnel.protocol,
    );
    this.writer.flush();
    this.over();
    this.exchange = null;
    this.entry.join(this.connection, this.writer, early, this.peerEnded, tunnel, exchange);
  }

  // --- time limits ---

  /** Traefik's readTimeout: from a request's first byte (or the connection's start) to its last. */
  private armRead(): void {
    const { readTimeout } = this.entry;
    this.deadline = this.entry.deadlines.after(readTimeout);
  }

  /** Traefik's writeTimeout: from the request's end to the response's. */
  private armWrite(): void {
    const { writeTimeout } = this.entry;
    this.deadline = this.entry.deadlines.after(writeTimeout);
  }

  expired(): void {
    if (this.requestBody !== null) {
      this.refuse(readTimeoutPassed("body"));
    } else if (this.phase === Phase.handling) {
      this.giveUp();
    } else if (this.phase === Phase.responding) {
      this.clientGone("The response was not sent within the writeTimeout");
    } else if (this.parser.inHead) {
      this.refuse(readTimeoutPassed("head"));
    } else {
      this.over();
      this.connection.close();
    }
  }

  /** The writeTimeout has passed without a response: what the handler waits for is called off, and the client hears of it. */
  private giveUp(): void {
    const exchange = this.exchange!;
    const error = writeTimeoutPassed();
    this.response.keepAlive = false;
    this.deadline = this.entry.deadlines.after(LAST_WORDS);
    exchange.abort(error);
    // A call to an upstream has answered by now; another handler may never do.
    if (this.exchange === exchange && this.phase === Phase.handling) {
      exchange.error ??= error;
      this.respond(LazyResponse.of(LazyResponse.text(statusOf(error))));
    }
  }

  /** Graceful shutdown: an idle connection closes now, a busy one after its response. */
  drainConnection(): void {
    this.response.keepAlive = false;
    if (this.phase === Phase.reading && this.parser.idle) {
      this.over();
      this.connection.close();
    }
  }

  /** The grace time is over. */
  cutConnection(): void {
    this.breakOff(graceTimeOver());
    this.connection.reset();
  }

  // --- backpressure of the request body ---

  pauseBody(): void {
    this.bodyPaused = true;
    this.connection.pause();
  }

  resumeBody(): void {
    this.bodyPaused = false;
    this.connection.resume();
  }

  cancelBody(): void {
    // What still comes of it is read and dropped until the response is sent; then the connection closes.
    this.response.keepAlive = false;
  }
}
