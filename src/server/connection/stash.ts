import { ByteQueue } from "../../core/byte-queue.ts";
import type { Connection } from "../../net/connection.ts";

/** Bytes that may wait before their connection is no longer read. */
const WATERMARK = 64 * 1024;

/** What a client sent behind its present request: it waits, unparsed, for the answer to that one. */
export class Stash {
  private readonly connection: Connection;
  /** Most connections never need one. */
  private queue: ByteQueue | null = null;
  private paused = false;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Bytes that wait. */
  get length(): number {
    return this.queue?.length ?? 0;
  }

  /** Keeps `bytes[start, end)`. The array must not change later. */
  keep(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.queue ??= new ByteQueue();
    this.queue.push(bytes, start, end);
    if (this.queue.length < WATERMARK || this.paused) return;
    this.paused = true;
    this.connection.pause();
  }

  /** All that waits, or null; reading goes on. */
  take(): Uint8Array | null {
    const bytes = this.drop();
    if (this.paused) {
      this.paused = false;
      this.connection.resume();
    }
    return bytes;
  }

  /** All that waits, or null, for a connection that is handed over or gone. */
  drop(): Uint8Array | null {
    const { queue } = this;
    return queue === null || queue.length === 0 ? null : queue.take();
  }
}
