import { fstatSync, write as writeCallback, writeSync } from "node:fs";
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { concatBytes } from "../../src/core/bytes.ts";
import type { AppendFile } from "../../src/net/runtime.ts";
import { codeOf } from "./system-error.ts";

const write = promisify(writeCallback);

/** New log files are for their owner alone. */
const MODE = 0o600;
/** As Traefik makes those that are missing. */
const DIRECTORY_MODE = 0o755;
/** How long to wait for a pipe whose reader is slow, in milliseconds. */
const FULL_PIPE_PAUSE = 5;

const NEWLINE = Uint8Array.of(0x0a);

/** Appends to a file descriptor, one write at a time: what comes meanwhile goes out together. */
export class DescriptorAppender implements AppendFile {
  onTrouble: ((error: unknown) => void) | null = null;
  private readonly descriptor: number;
  /** Writing to it waits for no reader. */
  private readonly isRegular: boolean;
  private readonly file: FileHandle | null;
  private queue: Uint8Array[] = [];
  private running: Promise<void> | null = null;
  private failure: unknown;
  private closed = false;
  /** The last write failed. */
  private troubled = false;
  /** It failed behind a part of its bytes: a line may have lost its end. */
  private torn = false;

  /** `file` is closed together with the appender. */
  constructor(descriptor: number, file: FileHandle | null = null) {
    this.descriptor = descriptor;
    this.file = file;
    this.isRegular = isRegular(descriptor);
  }

  write(bytes: Uint8Array): void {
    if (this.closed || bytes.length === 0) return;
    this.queue.push(bytes);
    this.running ??= this.run();
  }

  writeNow(bytes: Uint8Array, length: number): void {
    if (this.closed || length === 0) return;
    if (!this.isRegular || this.running !== null) {
      this.write(bytes.slice(0, length));
      return;
    }
    let at = 0;
    try {
      if (this.torn) this.mend(writeSync(this.descriptor, NEWLINE, 0, 1, null));
      // A full disk may take a part.
      while (at < length) at += writeSync(this.descriptor, bytes, at, length - at, null);
      if (this.troubled) this.recovered();
    } catch (error) {
      this.failed(error, at);
    }
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
    // Not before `running` says that a write is under way.
    await undefined;
    while (this.queue.length > 0) {
      const batch = this.queue.length === 1 ? this.queue[0] : concatBytes(this.queue);
      this.queue = [];
      await this.writeAll(batch);
    }
    this.running = null;
  }

  private async writeAll(bytes: Uint8Array): Promise<void> {
    let at = 0;
    while (at < bytes.length) {
      try {
        if (this.torn) this.mend((await write(this.descriptor, NEWLINE, 0, 1, null)).bytesWritten);
        const { bytesWritten } = await write(this.descriptor, bytes, at, bytes.length - at, null);
        at += bytesWritten;
      } catch (error) {
        if (codeOf(error) !== "EAGAIN") {
          this.failed(error, at);
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, FULL_PIPE_PAUSE));
      }
    }
    if (this.troubled) this.recovered();
  }

  /** A line break behind what was written in part was taken. */
  private mend(written: number): void {
    if (written > 0) this.torn = false;
  }

  private failed(error: unknown, written: number): void {
    this.failure ??= error;
    if (written > 0) this.torn = true;
    if (this.troubled) return;
    this.troubled = true;
    this.onTrouble?.(error);
  }

  private recovered(): void {
    this.troubled = false;
    this.onTrouble?.(null);
  }
}

/** False for pipes, terminals, sockets and devices, and where it can't be told. */
function isRegular(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isFile();
  } catch {
    return false;
  }
}

/** Opens for append; see `Files.append`. */
export async function openAppend(path: string): Promise<AppendFile> {
  const file = await open(path, "a", MODE).catch(async (error: unknown) => {
    if (codeOf(error) !== "ENOENT") throw error;
    await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
    return open(path, "a", MODE);
  });
  return new DescriptorAppender(file.fd, file);
}
