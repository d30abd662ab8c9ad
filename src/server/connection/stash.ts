import { concatBytes } from "../../core/bytes.ts";
import type { Connection } from "../../net/connection.ts";

/** Bytes that may wait before their connection is no longer read. */
const WATERMARK = 64 * 1024;

/** What a client sent behind its present request: it waits, unparsed, for the answer to that one. */
export class Stash {
  private readonly connection: Connection;
  // Nearly always nothing, or one chunk.
  private bytes: Uint8Array | null = null;
  private paused = false;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  keep(chunk: Uint8Array): void {
    this.bytes = this.bytes === null ? chunk : concatBytes([this.bytes, chunk]);
    if (this.bytes.length < WATERMARK || this.paused) return;
    this.paused = true;
    this.connection.pause();
  }

  /** All that waits, or null; reading goes on. */
  take(): Uint8Array | null {
    const { bytes } = this;
    this.bytes = null;
    if (this.paused) {
      this.paused = false;
      this.connection.resume();
    }
    return bytes;
  }

  /** Nobody will ask for it: the connection is handed over or gone. */
  drop(): Uint8Array | null {
    const { bytes } = this;
    this.bytes = null;
    return bytes;
  }
}
