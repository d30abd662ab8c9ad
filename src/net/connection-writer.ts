import { ByteQueue } from "../core/byte-queue.ts";
import { copyBytes } from "../core/bytes.ts";
import type { Connection } from "./connection.ts";

/** What is collected before it goes out. */
const CAPACITY = 80 * 1024;
/** A piece of this size is worth a system call of its own more than a copy; behind others, that takes twice as much. */
const LARGE = 16 * 1024;
/** Waiting bytes at which a producer should stop: a partial write alone is no reason, pausing a socket costs two system calls. */
const WATERMARK = 64 * 1024;

/** Where output is collected before it goes out. */
class Scratch {
  readonly bytes = new Uint8Array(CAPACITY);
  used = 0;
  /** Whose output is in it. */
  owner: ConnectionWriter | null = null;
}

/**
 * One for all writers that don't batch, of whom one at a time owns it: a read event's output is
 * collected and flushed before the next event, so that no writer needs one of its own.
 */
const SHARED = new Scratch();

/** For writers that batch: each has one from its first byte to its flush. */
const FREE: Scratch[] = [];
/** So many are kept, 80 KiB each. */
const MAX_FREE = 16;

/** Hears when everything that had to wait has been taken by the connection. */
export interface WriterOwner {
  drained(): void;
}

const Ending = { none: 0, shutdown: 1, close: 2 } as const;

/**
 * The output of one connection. Pieces are collected and go out with `flush` in one write; what the
 * connection doesn't take is kept in order until it does. Nothing is allocated unless the connection
 * is full. The connection's handler passes its `drain()` on to `writer.drain()`.
 *
 * What is written after the connection closed is dropped.
 */
export class ConnectionWriter {
  /** Where `reserve` made room. Valid until `commit`. */
  buffer: Uint8Array = SHARED.bytes;
  private scratch: Scratch | null;
  private readonly connection: Connection;
  private readonly owner: WriterOwner;
  /** What the connection hasn't taken yet; null where there is nothing. */
  private queue: ByteQueue | null = null;
  private ending: number = Ending.none;

  /** `batch`: what is written stays until `flush` though other connections write meanwhile. */
  constructor(connection: Connection, owner: WriterOwner, batch = false) {
    this.connection = connection;
    this.owner = owner;
    this.scratch = batch ? null : SHARED;
  }

  /** Flushed bytes that the connection hasn't taken yet. */
  get pending(): number {
    return this.queue === null ? 0 : this.queue.length;
  }

  /** So much waits that the producer should stop until `drained`. */
  get backlogged(): boolean {
    const { queue } = this;
    return queue !== null && (queue.length >= WATERMARK || this.connection.crowded === true);
  }

  /** The connection is full: `drained` will be called. */
  get congested(): boolean {
    return this.queue !== null;
  }

  /**
   * Makes room for `size` bytes and returns the offset at which they may be written into `buffer`.
   * `commit` must follow before any other use of any writer.
   */
  reserve(size: number): number {
    let scratch = this.claim();
    if (size > CAPACITY - scratch.used) {
      this.flush();
      if (size > CAPACITY) {
        this.buffer = new Uint8Array(size);
        return 0;
      }
      scratch = this.claim();
    }
    this.buffer = scratch.bytes;
    return scratch.used;
  }

  /** Adds what was written into `buffer` since `reserve`, up to `end`. */
  commit(end: number): void {
    const { buffer, scratch } = this;
    if (scratch !== null && buffer === scratch.bytes) scratch.used = end;
    else this.send(buffer, 0, end, false);
  }

  /**
   * Adds `bytes[start, end)`. The array must not be changed any more: a large piece isn't copied,
   * and part of it may have to wait.
   */
  write(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const scratch = this.claim();
    const { used } = scratch;
    const length = end - start;
    if (length <= CAPACITY - used && length < (used > 0 ? 2 * LARGE : LARGE)) {
      scratch.used = copyBytes(scratch.bytes, used, bytes, start, end);
      return;
    }
    this.flush();
    this.send(bytes, start, end, false);
  }

  /** Gives everything collected to the connection. */
  flush(): void {
    const { scratch } = this;
    if (scratch === null || scratch.owner !== this) return;
    const length = scratch.used;
    scratch.owner = null;
    scratch.used = 0;
    if (length > 0) this.send(scratch.bytes, 0, length, true);
    if (scratch === SHARED) return;
    this.scratch = null;
    if (FREE.length < MAX_FREE) FREE.push(scratch);
  }

  /** The connection takes bytes again. */
  drain(): void {
    const { queue } = this;
    if (queue === null) return;
    while (queue.length > 0) {
      const { first } = queue;
      const taken = this.connection.write(first, 0, first.length);
      if (taken < 0) {
        this.queue = null;
        return;
      }
      queue.drop(taken);
      if (taken < first.length) return;
    }
    this.queue = null;
    if (this.ending === Ending.none) this.owner.drained();
    else this.finish();
  }

  /** Sends FIN behind everything written. `drained` isn't called any more. */
  shutdownAfterFlush(): void {
    this.end(Ending.shutdown);
  }

  /** Closes the connection behind everything written. `drained` isn't called any more. */
  closeAfterFlush(): void {
    this.end(Ending.close);
  }

  private end(ending: number): void {
    this.flush();
    this.ending = Math.max(this.ending, ending);
    if (this.queue === null) this.finish();
  }

  private finish(): void {
    if (this.ending === Ending.close) this.connection.close();
    else this.connection.shutdown();
  }

  private claim(): Scratch {
    let { scratch } = this;
    if (scratch === null) scratch = this.scratch = FREE.pop() ?? new Scratch();
    if (scratch.owner !== this) {
      scratch.owner?.flush();
      scratch.owner = this;
    }
    return scratch;
  }

  /** `reused`: the array is written anew when this returns. */
  private send(bytes: Uint8Array, start: number, end: number, reused: boolean): void {
    if (this.connection.closed) {
      this.queue = null;
      return;
    }
    if (this.ending !== Ending.none) return;
    if (this.queue === null) {
      const taken = this.connection.write(bytes, start, end);
      if (taken < 0) return;
      start += taken;
    }
    if (start === end) return;
    // Pieces that each would take a system call are put together.
    this.queue ??= new ByteQueue(LARGE);
    if (reused) this.queue.pushCopy(bytes, start, end);
    else this.queue.push(bytes, start, end);
  }
}
