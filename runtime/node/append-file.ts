import { write as writeCallback } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { concatBytes } from "../../src/core/bytes.ts";
import type { AppendFile } from "../../src/net/runtime.ts";
import { codeOf } from "./system-error.ts";

const write = promisify(writeCallback);

/** New log files are for their owner alone. */
const MODE = 0o600;
/** How long to wait for a pipe whose reader is slow, in milliseconds. */
const FULL_PIPE_PAUSE = 5;

/** Appends to a file descriptor, one write at a time: what comes meanwhile goes out together. */
export class DescriptorAppender implements AppendFile {
  private readonly descriptor: number;
  private readonly file: FileHandle | null;
  private queue: Uint8Array[] = [];
  private running: Promise<void> | null = null;
  private failure: unknown;
  private closed = false;

  /** `file` is closed together with the appender. */
  constructor(descriptor: number, file: FileHandle | null = null) {
    this.descriptor = descriptor;
    this.file = file;
  }

  write(bytes: Uint8Array): void {
    if (this.closed || bytes.length === 0) return;
    this.queue.push(bytes);
    this.running ??= this.run();
  }

  /** Rejects with the first error since the last flush; what it was about is lost. */
  async flush(): Promise<void> {
    while (this.running !== null) await this.running;
    const { failure } = this;
    if (failure === undefined) return;
    this.failure = undefined;
    throw failure;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    try {
      await this.flush();
    } finally {
      await this.file?.close();
    }
  }

  private async run(): Promise<void> {
    // Not before `running` says that somebody is at it.
    await undefined;
    while (this.queue.length > 0) {
      const batch = this.queue.length === 1 ? this.queue[0] : concatBytes(this.queue);
      this.queue = [];
      try {
        await this.writeAll(batch);
      } catch (error) {
        this.failure ??= error;
      }
    }
    this.running = null;
  }

  private async writeAll(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      try {
        const { bytesWritten } = await write(this.descriptor, bytes, at, bytes.length - at, null);
        at += bytesWritten;
      } catch (error) {
        if (codeOf(error) !== "EAGAIN") throw error;
        await new Promise((resolve) => setTimeout(resolve, FULL_PIPE_PAUSE));
      }
    }
  }
}

/** Opens for append; see `Files.append`. */
export async function openAppend(path: string): Promise<AppendFile> {
  const file = await open(path, "a", MODE);
  return new DescriptorAppender(file.fd, file);
}
