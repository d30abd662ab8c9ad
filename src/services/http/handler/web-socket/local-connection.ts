import type { Address, Connection, ConnectionHandler } from "../../../../net/connection.ts";

/** What a client's bytes come to. */
export interface LocalPeer {
  /** `bytes[start, end)`; the array is the caller's. */
  received(bytes: Uint8Array, start: number, end: number): void;
  /** The client is gone, or has sent its FIN: nothing more comes. */
  clientGone(): void;
}

const NOWHERE: Address = { ip: "", port: 0 };
const NO_HANDLER: ConnectionHandler = { data() {}, drain() {}, end() {}, close() {} };

/** Milliseconds that a client has to close its side once this one has closed. */
const PATIENCE = 3000;

/**
 * The upstream's end of a tunnel where there is no upstream: what the client sends goes to an object of
 * this process, and what that object sends goes to the client. Bytes wait here while the client doesn't
 * take them; `waiting` says how many.
 */
export class LocalConnection implements Connection {
  private joined = NO_HANDLER;
  readonly remote = NOWHERE;
  readonly local = NOWHERE;
  readonly tls = null;
  closed = false;
  /** Bytes that the client has not taken. */
  waiting = 0;
  private readonly peer: LocalPeer;
  private queue: Uint8Array[] = [];
  private paused = false;
  private scheduled = false;
  /** Nothing more is sent behind the queue. */
  private ending = false;
  private ended = false;
  private clientEnded = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(peer: LocalPeer) {
    this.peer = peer;
  }

  get handler(): ConnectionHandler {
    return this.joined;
  }

  set handler(handler: ConnectionHandler) {
    this.joined = handler;
    this.schedule();
  }

  // --- the object's side ---

  send(bytes: Uint8Array): void {
    if (this.closed || this.ending) return;
    this.queue.push(bytes);
    this.waiting += bytes.length;
    this.schedule();
  }

  /** FIN behind what was sent; the client gets a moment to do the same. */
  finish(): void {
    if (this.ending || this.closed) return;
    this.ending = true;
    this.schedule();
    this.timer = setTimeout(() => this.over(), PATIENCE);
  }

  /** The handler hears of it a microtask later: never within a call of its own. */
  private schedule(): void {
    if (this.scheduled || this.paused || this.joined === NO_HANDLER) return;
    this.scheduled = true;
    queueMicrotask(() => {
      this.scheduled = false;
      this.deliver();
    });
  }

  private deliver(): void {
    while (this.queue.length > 0 && !this.paused && !this.closed) {
      const bytes = this.queue.shift()!;
      this.waiting -= bytes.length;
      this.handler.data(bytes);
    }
    if (this.closed || this.paused || !this.ending || this.ended) return;
    this.ended = true;
    this.handler.end();
    if (this.clientEnded) this.over();
  }

  private over(): void {
    if (this.closed) return;
    this.drop();
    this.handler.close();
  }

  private drop(): void {
    this.closed = true;
    this.queue = [];
    this.waiting = 0;
    clearTimeout(this.timer);
  }

  // --- the relay's side ---

  write(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (this.closed) return -1;
    this.peer.received(bytes, start, end);
    return end - start;
  }

  recycle(): void {}

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    if (!this.closed) this.schedule();
  }

  shutdown(): void {
    if (this.closed || this.clientEnded) return;
    this.clientEnded = true;
    this.peer.clientGone();
    this.finish();
    if (this.ended) queueMicrotask(() => this.over());
  }

  close(): void {
    if (this.closed) return;
    this.drop();
    this.peer.clientGone();
    queueMicrotask(() => this.handler.close());
  }

  reset(): void {
    this.close();
  }
}
