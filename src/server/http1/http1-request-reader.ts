import { messageOf, ProxyError } from "../../core/errors.ts";
import { Body, type BodySource } from "../../http/body.ts";
import type { Connection } from "../../net/connection.ts";
import type { Fields } from "../../wire/fields.ts";
import { HeaderList } from "../../wire/header-list.ts";
import {
  Framing,
  type Http1Limits,
  type MessageSink,
  type RequestHead,
} from "../../wire/http1/message.ts";
import { RequestParser } from "../../wire/http1/request-parser.ts";
import { Stash } from "../connection/stash.ts";

/** Hears of a connection's requests, one at a time, and is the source of their bodies. */
export interface RequestOwner extends BodySource {
  /** The first byte of another request is there. */
  requestBegins(): void;
  /** A head is there, and what its read event brought of the body. */
  requestArrived(head: RequestHead, body: Body | null): void;
  /** So many bytes of the body were received. */
  requestReceived(length: number): void;
  /** The request is complete: told before `requestArrived` where it came in one piece. */
  requestEnded(): void;
  /** What came is no request, or not the rest of one. */
  requestBroken(error: ProxyError): void;
}

const State = {
  /** Between requests, or in a request's head. */
  awaiting: 0,
  /** A request has arrived: of what follows only its body is looked at. */
  serving: 1,
  /** Nothing is read any more. */
  stopped: 2,
} as const;

/** Reads one request after the other from an HTTP/1.1 connection. What arrives behind one waits unparsed. */
export class Http1RequestReader implements MessageSink<RequestHead> {
  /** Requests so far. */
  requests = 0;
  /** The present request's body while it is being received. */
  body: Body | null = null;
  private readonly owner: RequestOwner;
  private readonly parser: RequestParser;
  private readonly stash: Stash;
  private state: number = State.awaiting;
  private inRead = false;
  /** A head that the owner hasn't got yet, and its body if that is complete by then. */
  private head: RequestHead | null = null;
  private wholeBody: Body | null = null;

  constructor(connection: Connection, limits: Http1Limits, owner: RequestOwner) {
    this.owner = owner;
    this.parser = new RequestParser(limits, this);
    this.stash = new Stash(connection);
  }

  /** No request is under way but perhaps part of a head. */
  get awaiting(): boolean {
    return this.state === State.awaiting && !this.inRead;
  }

  /** Not a byte of another request is there. */
  get idle(): boolean {
    return this.state === State.awaiting && this.parser.idle;
  }

  /** Part of a head is there. */
  get inHead(): boolean {
    return this.parser.inHead;
  }

  get stopped(): boolean {
    return this.state === State.stopped;
  }

  data(chunk: Uint8Array): void {
    if (this.state === State.awaiting || this.body !== null) this.read(chunk);
    else if (this.state === State.serving) this.stash.keep(chunk);
  }

  /** Reads requests until the bytes run out or one is not answered at once. */
  private read(chunk: Uint8Array): void {
    // A loop, not a recursion: a handler may answer a long pipeline without ever returning to the event loop.
    this.inRead = true;
    let next: Uint8Array | null = chunk;
    while (next !== null) {
      this.readOne(next);
      next = this.state === State.awaiting ? this.stash.take() : null;
    }
    this.inRead = false;
  }

  /** Parses until the chunk or the request ends, then lets the owner have what is new. */
  private readOne(chunk: Uint8Array): void {
    const { owner, parser, body } = this;
    if (parser.idle && this.requests > 0) owner.requestBegins();
    let at: number;
    try {
      at = parser.parse(chunk, 0, chunk.length);
    } catch (error) {
      if (!this.stopped) this.refuse(asProxyError(error));
      return;
    }
    body?.flush();
    if (this.stopped) return;
    if (at < chunk.length) this.stash.keep(chunk, at);
    if (this.head !== null) this.arrived(this.head);
  }

  private arrived(head: RequestHead): void {
    const body = this.body ?? this.wholeBody;
    this.head = null;
    this.wholeBody = null;
    this.state = State.serving;
    this.owner.requestArrived(head, body);
  }

  /** What comes can't be read as a request, or is too long in coming. No other one is looked at. */
  refuse(error: ProxyError): void {
    this.state = State.serving;
    this.owner.requestBroken(error);
  }

  /** The present request is answered: another one may follow. */
  next(): void {
    this.state = State.awaiting;
    this.parser.next();
    if (this.inRead) return;
    const waiting = this.stash.take();
    if (waiting !== null) this.read(waiting);
  }

  /** Reads nothing any more; returns what waits unparsed. */
  stop(): Uint8Array | null {
    this.state = State.stopped;
    this.body = null;
    return this.stash.drop();
  }

  // --- a request, as the parser finds it ---

  messageHead(head: RequestHead): void {
    if (head.method === "CONNECT") {
      throw new ProxyError("not-implemented", "downstream", "CONNECT: this is no forward proxy");
    }
    this.head = head;
    this.requests++;
    this.body =
      head.framing === Framing.none
        ? null
        : new Body(this.owner, head.framing === Framing.length ? head.contentLength : -1);
  }

  messageBody(bytes: Uint8Array, start: number, end: number): void {
    this.body?.push(bytes, start, end);
    this.owner.requestReceived(end - start);
  }

  messageEnd(trailers: Fields | null, bytes: Uint8Array): void {
    const { body } = this;
    this.body = null;
    this.owner.requestEnded();
    if (body === null) return;
    if (this.head !== null) this.wholeBody = body;
    body.finish(trailers === null ? null : new HeaderList(bytes, trailers));
  }
}

function asProxyError(error: unknown): ProxyError {
  return error instanceof ProxyError
    ? error
    : new ProxyError("handler-failed", "internal", messageOf(error), { cause: error });
}
