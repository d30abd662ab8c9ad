import { ByteQueue } from "../../core/byte-queue.ts";
import { ProxyError } from "../../core/errors.ts";
import type { Files, TemporaryFile } from "../../net/runtime.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import { Body, type BodySink, type BodySource, type TrailerJudge } from "../body.ts";

export interface SpoolOptions {
  readonly files: Pick<Files, "temporary">;
  /** Bytes that are kept in memory; what is behind them goes to a file. */
  readonly memory: number;
  /** Bytes that the body may have; 0 for any number. */
  readonly most: number;
}

/** Calls back where nothing wants the body any more: `Exchange.onAbort`. */
type OnAbort = (hook: (error: ProxyError) => void) => void;

/** Written to the file, and read from it, in pieces of about this size. */
const PIECE = 64 * 1024;

const TOO_LARGE = new ProxyError("aborted", "internal", "The body is larger than is taken");

/** A whole body, its beginning in memory and its rest in a file without a name. It can be read several times. */
export class SpooledBody {
  /** Bytes in all. */
  readonly size: number;
  readonly trailers: HeaderList | null;
  private readonly trailerJudge: TrailerJudge | null;
  private readonly memory: readonly Uint8Array[];
  private readonly file: TemporaryFile | null;

  private constructor(collector: Collector) {
    const { size, memory, file, source } = collector;
    this.size = size;
    const pieces: Uint8Array[] = [];
    for (let piece = memory.shift(); piece !== undefined; piece = memory.shift())
      pieces.push(piece);
    this.memory = pieces;
    this.file = file;
    this.trailers = source.trailers;
    this.trailerJudge = source.trailerJudge;
  }

  /**
   * Reads a body to its end; null where it is larger than it may be, and then nothing more of it is wanted.
   * Rejects with the ProxyError that broke it off, or with the system's error where the file can't be written.
   */
  static async of(
    source: Body,
    options: SpoolOptions,
    onAbort: OnAbort,
  ): Promise<SpooledBody | null> {
    if (options.most > 0 && source.length > options.most) {
      source.cancel(TOO_LARGE);
      return null;
    }
    const collector = new Collector(source, options);
    onAbort((error) => collector.abandon(error));
    return (await collector.collect()) ? new SpooledBody(collector) : null;
  }

  /** A body of all these bytes, with the length said beforehand, unless trailers follow it. */
  body(): Body {
    const { size, trailers, memory, file } = this;
    const reader = new Reader(memory, file, size, trailers);
    const body = new Body(reader, trailers === null ? size : -1);
    body.trailerJudge = this.trailerJudge;
    reader.body = body;
    return body;
  }

  /** Gives the file's bytes back. Bodies that are being read break off. */
  close(): void {
    this.file?.close().catch(() => {});
  }
}

class Collector implements BodySink {
  readonly source: Body;
  size = 0;
  readonly memory = new ByteQueue();
  file: TemporaryFile | null = null;
  private readonly options: SpoolOptions;
  private readonly waiting = new ByteQueue();
  private readonly result = Promise.withResolvers<boolean>();
  private writing = false;
  private ended = false;
  /** Nothing of it is wanted any more. */
  private unwanted = false;

  constructor(source: Body, options: SpoolOptions) {
    this.source = source;
    this.options = options;
  }

  async collect(): Promise<boolean> {
    this.source.pipe(this);
    let whole = false;
    try {
      whole = await this.result.promise;
      return whole;
    } finally {
      if (!whole) {
        // What is being written finds out by itself.
        this.unwanted = true;
        if (!this.writing) this.file?.close().catch(() => {});
      }
    }
  }

  bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    const { memory, most } = this.options;
    const room = Math.max(0, memory - this.size);
    this.size += end - start;
    if (most > 0 && this.size > most) {
      this.source.cancel(TOO_LARGE);
      this.result.resolve(false);
      return;
    }
    const kept = Math.min(end, start + room);
    if (kept > start) this.memory.pushCopy(bytes, start, kept);
    if (kept === end) return;
    this.waiting.push(bytes.slice(kept, end));
    if (this.waiting.length >= PIECE) void this.write();
  }

  bodyFlush(): void {}

  bodyEnd(): void {
    this.ended = true;
    void this.write();
  }

  bodyFail(error: ProxyError): void {
    this.result.reject(error);
  }

  abandon(error: ProxyError): void {
    if (this.ended) return;
    this.source.cancel(error);
    this.result.reject(error);
  }

  /** Writes what waits; nothing more comes meanwhile. */
  private async write(): Promise<void> {
    if (this.writing) return;
    this.writing = true;
    try {
      while (!this.unwanted && this.waiting.length >= (this.ended ? 1 : PIECE)) {
        if (!this.ended) this.source.pause();
        const bytes = this.waiting.take();
        this.file ??= await this.options.files.temporary();
        await this.file.write(bytes);
      }
    } catch (error) {
      this.unwanted = true;
      this.source.cancel(new ProxyError("aborted", "internal", "The body can't be kept"));
      this.result.reject(error);
    }
    this.writing = false;
    if (this.unwanted) this.file?.close().catch(() => {});
    else if (this.ended) this.result.resolve(true);
    else this.source.resume();
  }
}

/** Gives the bytes to a body as fast as its reader takes them. */
class Reader implements BodySource {
  body!: Body;
  private readonly memory: readonly Uint8Array[];
  private readonly file: TemporaryFile | null;
  private readonly size: number;
  private readonly trailers: HeaderList | null;
  private next = 0;
  private inFile = 0;
  private given = 0;
  private paused = false;
  private reading = false;
  private over = false;

  constructor(
    memory: readonly Uint8Array[],
    file: TemporaryFile | null,
    size: number,
    trailers: HeaderList | null,
  ) {
    this.memory = memory;
    this.file = file;
    this.size = size;
    this.trailers = trailers;
  }

  startBody(): void {
    this.give();
  }

  pauseBody(): void {
    this.paused = true;
  }

  resumeBody(): void {
    this.paused = false;
    this.give();
  }

  cancelBody(): void {
    this.over = true;
  }

  private give(): void {
    if (this.reading) return;
    while (!this.paused && !this.over && this.next < this.memory.length)
      this.push(this.memory[this.next++]);
    if (this.paused || this.over) return;
    if (this.given < this.size) void this.read();
    else this.finish();
  }

  private async read(): Promise<void> {
    this.reading = true;
    try {
      while (!this.paused && !this.over && this.given < this.size) {
        const bytes = await this.file!.read(this.inFile, PIECE);
        if (bytes.length === 0) throw new Error("The temporary file is shorter than it was");
        this.inFile += bytes.length;
        if (!this.over) this.push(bytes);
        this.body.flush();
      }
    } catch (cause) {
      this.over = true;
      this.body.fail(
        new ProxyError("aborted", "internal", "The body that was kept can't be read", { cause }),
      );
    }
    this.reading = false;
    if (!this.over && this.given === this.size) this.finish();
  }

  private push(bytes: Uint8Array): void {
    this.given += bytes.length;
    this.body.push(bytes, 0, bytes.length);
  }

  private finish(): void {
    this.over = true;
    this.body.finish(this.trailers);
  }
}
