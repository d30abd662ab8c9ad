import { messageOf, ProxyError } from "../../core/errors.ts";
import type { Connection } from "../../net/connection.ts";
import type { Fields } from "../../wire/fields.ts";
import { HeaderList } from "../../wire/header-list.ts";
import type { Http1Limits, MessageSink, RequestHead } from "../../wire/http1/message.ts";
import { RequestParser } from "../../wire/http1/request-parser.ts";
import { Stash } from "../connection/stash.ts";

/** Hears of a connection's requests, one at a time. */
export interface RequestOwner {
  /** The first byte of another request is there. */
  requestBegins(): void;
  /** A head is there. */
  requestHead(head: RequestHead): void;
  /** A piece of the body. */
  requestData(bytes: Uint8Array, start: number, end: number): void;
  /** The request is complete. */
  requestEnd(trailers: HeaderList | null): void;
  /** All that is at hand of the request was told. */
  requestRead(): void;
  /** What came is no request, or not the rest of one. */
  requestBroken(error: ProxyError): void;
}

const State = {
  /** Between requests, or in a request's head. */
  awaiting: 0,
  /** In a request's body. */
  receiving: 1,
  /** The request is complete: what follows waits for its answer. */
  serving: 2,
  /** What came was no request: nothing that follows can be read as one. */
  broken: 3,
  /** Nothing is read any more. */
  stopped: 4,
} as const;

/** Reads one request after the other from an HTTP/1.1 connection. What arrives behind one waits unparsed. */
export class Http1RequestReader implements MessageSink<RequestHead> {
  private readonly owner: RequestOwner;
  private readonly parser: RequestParser;
  private readonly connection: Connection;
  /** Most connections never need one. */
  private stash: Stash | null = null;
  private state: number = State.awaiting;
  private inRead = false;
  /** No request has come yet: the connection's start counts as its first byte. */
  private first = true;

  constructor(connection: Connection, limits: Http1Limits, owner: RequestOwner) {
    this.owner = owner;
    this.parser = new RequestParser(limits, this);
    this.connection = connection;
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

  /** A request's body isn't complete. */
  get receiving(): boolean {
    return this.state === State.receiving;
  }

  /** Bytes wait behind the present request. */
  get hasMore(): boolean {
    return this.stash !== null && this.stash.length > 0;
  }

  get stopped(): boolean {
    return this.state === State.stopped;
  }

  data(chunk: Uint8Array): void {
    if (this.state <= State.receiving) this.read(chunk);
    else if (this.state === State.serving) this.keep(chunk, 0);
  }

  /** Reads requests until the bytes run out or one is not answered at once. */
  private read(chunk: Uint8Array): void {
    // A loop, not a recursion: a handler may answer a long pipeline without ever returning to the event loop.
    this.inRead = true;
    let next: Uint8Array | null = chunk;
    while (next !== null) {
      this.readOne(next);
      next = this.state === State.awaiting ? this.waiting() : null;
    }
    this.inRead = false;
  }

  /** Parses until the chunk or the request ends, then lets the owner have what is new. */
  private readOne(chunk: Uint8Array): void {
    const { owner, parser } = this;
    if (parser.idle && !this.first) owner.requestBegins();
    let at: number;
    try {
      at = parser.parse(chunk, 0, chunk.length);
    } catch (error) {
      if (!this.stopped) this.refuse(asProxyError(error));
      return;
    }
    if (this.stopped) return;
    if (at < chunk.length) this.keep(chunk, at);
    if (this.state !== State.awaiting) owner.requestRead();
  }

  /** What comes can't be read as a request, or is too long in coming. No other one is looked at. */
  refuse(error: ProxyError): void {
    this.state = State.broken;
    this.owner.requestBroken(error);
  }

  /** The present request is answered: another one may follow. */
  next(): void {
    this.state = State.awaiting;
    this.parser.next();
    if (this.inRead) return;
    const waiting = this.waiting();
    if (waiting !== null) this.read(waiting);
  }

  /** What waits behind the present request, which is answered. */
  private waiting(): Uint8Array | null {
    return this.stash === null ? null : this.stash.take();
  }

  private keep(chunk: Uint8Array, at: number): void {
    this.stash ??= new Stash(this.connection);
    this.stash.keep(chunk, at);
  }

  /** Reads nothing any more; returns what waits unparsed. */
  stop(): Uint8Array | null {
    this.state = State.stopped;
    return this.stash === null ? null : this.stash.drop();
  }

  // --- a request, as the parser finds it ---

  messageHead(head: RequestHead): void {
    this.first = false;
    this.state = State.receiving;
    this.owner.requestHead(head);
  }

  messageBody(bytes: Uint8Array, start: number, end: number): void {
    this.owner.requestData(bytes, start, end);
  }

  messageEnd(trailers: Fields | null, bytes: Uint8Array): void {
    if (this.stopped) return;
    this.state = State.serving;
    this.owner.requestEnd(trailers === null ? null : new HeaderList(bytes, trailers));
  }
}

function asProxyError(error: unknown): ProxyError {
  return error instanceof ProxyError
    ? error
    : new ProxyError("handler-failed", "internal", messageOf(error), { cause: error });
}
