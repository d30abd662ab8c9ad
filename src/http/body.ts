import { ByteQueue } from "../core/byte-queue.ts";
import { concatBytes } from "../core/bytes.ts";
import { ProxyError } from "../core/errors.ts";
import { FreeList } from "../core/free-list.ts";
import type { HeaderList } from "../wire/header-list.ts";
import { StreamSource } from "./stream-source.ts";

/** Where a body's bytes go. */
export interface BodySink {
  /** `bytes[start, end)`, never empty. May be kept back until `bodyFlush`. */
  bodyChunk(bytes: Uint8Array, start: number, end: number): void;
  /** The read event is over: send what `bodyChunk` kept back. */
  bodyFlush(): void;
  /** The body is complete; its trailers, if any, are in `Body.trailers`. Sends what was kept back. */
  bodyEnd(): void;
  /** The body broke off. No other method is called after this. */
  bodyFail(error: ProxyError): void;
  /** False where nothing refers any more to the arrays that `bodyChunk` brought; undefined where the sink can't tell. */
  readonly holdsBytes?: boolean;
}

/** What a body comes from, as far as the body needs to speak to it. */
export interface BodySource {
  /** A reader starts: the moment for 100-continue. Called once. */
  startBody?(): void;
  pauseBody(): void;
  resumeBody(): void;
  /** The reader wants no more. */
  cancelBody(error: ProxyError): void;
}

/** Bytes that wait for a sink; once they do, one more chunk pauses the source. */
export const BODY_WATERMARK = 64 * 1024;

/** Knows the rules for a request's trailers. */
export interface TrailerJudge {
  /** Leaves out what is not to pass. Returns why none may be sent on, or null. */
  judgeTrailers(trailers: HeaderList): ProxyError | null;
}

/** A first piece below the one size in an array above the other is copied. A read event may bring half a megabyte. */
const SMALL = 1024;
const LARGE = 64 * 1024;

const State = { open: 0, ended: 1, failed: 2 } as const;

/**
 * A message body on its way from where it is received to where it is sent. It stays bytes: a
 * ReadableStream is made only for those who ask for one. Read once, by one consumer.
 */
export class Body {
  /** Content-Length, or -1 where the length isn't known beforehand. */
  length: number;
  /** The trailer section, once the body has ended; null where there is none. */
  trailers: HeaderList | null = null;
  /** For requests: whose rules hold for the trailers. */
  trailerJudge: TrailerJudge | null = null;
  /** Body bytes received so far. */
  received = 0;
  /** It ends where its connection does: one that was cut off looks like one that is whole. */
  endsUnmarked = false;
  private source: BodySource;
  private state: number = State.open;
  private error: ProxyError | null = null;
  private sink: BodySink | null = null;
  /** The sink, when it hears nothing any more too. */
  private reader: BodySink | null = null;
  private taken = false;
  private paused = false;
  private sourcePaused = false;
  private queuedBytes = 0;
  // The first waiting chunk needs no array: nearly always it is the only one.
  private firstBytes: Uint8Array | null = null;
  private firstStart = 0;
  private firstEnd = 0;
  private queue: ByteQueue | null = null;

  constructor(source: BodySource, length: number) {
    this.source = source;
    this.length = length;
  }

  /** A body like a new one; one that was recycled, where there is one. */
  static received(source: BodySource, length: number): Body {
    const body = FREE.take();
    if (body === undefined) return new Body(source, length);
    body.source = source;
    body.length = length;
    body.reader = null;
    body.state = State.open;
    return body;
  }

  /**
   * Its exchange is over. It becomes another body where it has come to its end and went, by `pipe`, to
   * a sink that can tell what it holds: such a sink has forgotten it by then.
   */
  recycle(): void {
    if (this.state !== State.ended || this.sink !== null || !this.released) return;
    if (this.reader === RECYCLED) return;
    this.source = NO_SOURCE;
    // `released` goes on being true.
    this.reader = RECYCLED;
    this.trailers = null;
    this.trailerJudge = null;
    this.received = 0;
    this.endsUnmarked = false;
    this.taken = false;
    this.paused = false;
    this.sourcePaused = false;
    this.queue = null;
    FREE.give(this);
  }

  /** A reader has this body, or had it. */
  get used(): boolean {
    return this.taken;
  }

  /** All of it has been received. */
  get complete(): boolean {
    return this.state === State.ended;
  }

  /** Has the trailers judged, once the body has ended: why they must not be sent on, or null. */
  judgeTrailers(): ProxyError | null {
    const { trailers, trailerJudge } = this;
    return trailers === null || trailerJudge === null ? null : trailerJudge.judgeTrailers(trailers);
  }

  // --- the producer's side ---

  /** Hands `bytes[start, end)` on, or keeps it until there is a sink. The array must not change later. */
  push(bytes: Uint8Array, start: number, end: number): void {
    if (this.state !== State.open) return;
    this.received += end - start;
    if (this.sink !== null && !this.paused && this.queuedBytes === 0) {
      this.sink.bodyChunk(bytes, start, end);
      return;
    }
    // One chunk may go over the watermark: most bodies end before the next, and a pause costs more
    // than keeping it.
    if (this.queuedBytes >= BODY_WATERMARK) this.pauseSource();
    this.queuedBytes += end - start;
    if (this.firstBytes !== null || holdsMuch(bytes, end - start)) {
      this.queue ??= new ByteQueue();
      this.queue.push(bytes, start, end);
      if (this.firstBytes === null) this.shift();
    } else {
      this.firstBytes = bytes;
      this.firstStart = start;
      this.firstEnd = end;
    }
  }

  /** The producer's read event is over. */
  flush(): void {
    this.sink?.bodyFlush();
  }

  finish(trailers: HeaderList | null = null): void {
    if (this.state !== State.open) return;
    this.state = State.ended;
    this.trailers = trailers;
    if (this.queuedBytes === 0 && !this.paused) this.deliverEnd();
  }

  fail(error: ProxyError): void {
    if (this.state !== State.open) return;
    this.state = State.failed;
    this.error = error;
    if (this.queuedBytes === 0 && !this.paused) this.deliverEnd();
  }

  /** Nothing refers any more to the arrays that were pushed, neither here nor where they went. */
  get released(): boolean {
    return this.queuedBytes === 0 && this.reader !== null && this.reader.holdsBytes === false;
  }

  // --- the consumer's side ---

  /** Starts delivery to `sink`; what waits is delivered before this returns. Throws if the body is used. */
  pipe(sink: BodySink): void {
    if (this.taken) throw new TypeError("The body has already been read");
    this.taken = true;
    this.sink = sink;
    this.reader = sink;
    this.source.startBody?.();
    this.deliver();
  }

  /** The sink can't take more now; at most what is on its way is queued. */
  pause(): void {
    this.paused = true;
    this.pauseSource();
  }

  /** The sink takes more again. */
  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.deliver();
    if (!this.paused) this.sink?.bodyFlush();
  }

  /** The reader wants no more: the source is told, and the sink hears nothing more. */
  cancel(error: ProxyError): void {
    this.taken = true;
    this.sink = null;
    this.firstBytes = null;
    this.queue = null;
    this.queuedBytes = 0;
    if (this.state === State.open) {
      this.state = State.failed;
      this.error = error;
      this.source.cancelBody(error);
    }
  }

  private pauseSource(): void {
    if (this.sourcePaused || this.state !== State.open) return;
    this.sourcePaused = true;
    this.source.pauseBody();
  }

  private deliver(): void {
    while (this.queuedBytes > 0 && !this.paused && this.sink !== null) {
      const bytes = this.firstBytes!;
      const start = this.firstStart;
      const end = this.firstEnd;
      this.queuedBytes -= end - start;
      this.shift();
      this.sink.bodyChunk(bytes, start, end);
    }
    if (this.paused || this.queuedBytes > 0) return;
    if (this.state !== State.open) {
      this.deliverEnd();
    } else if (this.sourcePaused) {
      this.sourcePaused = false;
      this.source.resumeBody();
    }
  }

  /** What is first in the queue, if anything, is the first piece now. */
  private shift(): void {
    const first = this.queue?.shift();
    this.firstBytes = first ?? null;
    this.firstStart = 0;
    this.firstEnd = first?.length ?? 0;
  }

  private deliverEnd(): void {
    const sink = this.sink;
    if (sink === null) return;
    this.sink = null;
    if (this.error === null) sink.bodyEnd();
    else sink.bodyFail(this.error);
  }

  // --- Web-standard views ---

  /** The rest of the body as a stream of copies. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
    let started = false;
    const sink: BodySink = {
      bodyChunk: (bytes, start, end) => {
        controller.enqueue(bytes.slice(start, end) as Uint8Array<ArrayBuffer>);
        if ((controller.desiredSize ?? 0) <= 0) this.pause();
      },
      bodyFlush: () => {},
      bodyEnd: () => controller.close(),
      bodyFail: (error) => controller.error(error),
    };
    // Taken at once, so that no other reader gets it; bytes move when the reader pulls.
    this.taken = true;
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start: (c) => {
          controller = c;
        },
        pull: () => {
          if (started) {
            this.resume();
            return;
          }
          started = true;
          this.sink = sink;
          this.source.startBody?.();
          this.deliver();
        },
        cancel: (reason) => {
          this.cancel(
            new ProxyError("aborted", "internal", "The reader cancelled the body", {
              cause: reason,
            }),
          );
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** The whole body. Rejects with the ProxyError that broke it off. */
  bytes(): Promise<Uint8Array<ArrayBuffer>> {
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = [];
      this.pipe({
        bodyChunk: (bytes, start, end) => void chunks.push(bytes.subarray(start, end)),
        bodyFlush: () => {},
        bodyEnd: () => resolve(concatBytes(chunks) as Uint8Array<ArrayBuffer>),
        bodyFail: reject,
      });
    });
  }

  // --- bodies that don't come from a connection ---

  /** A body that is all there. */
  static of(bytes: Uint8Array): Body {
    const body = new Body(NO_SOURCE, bytes.length);
    if (bytes.length > 0) body.push(bytes, 0, bytes.length);
    body.finish();
    return body;
  }

  /** A body that a stream gives; `length` -1 where it isn't known. `failed` hears why the stream broke off. */
  static fromStream(
    stream: ReadableStream<Uint8Array>,
    length = -1,
    failed?: (error: unknown) => void,
  ): Body {
    const source = new StreamSource(stream, failed);
    const body = new Body(source, length);
    source.start(body);
    return body;
  }
}

/** A piece of that length would keep an array in memory that is much larger. */
function holdsMuch(bytes: Uint8Array, length: number): boolean {
  return length < SMALL && bytes.length >= LARGE;
}

const FREE = new FreeList<Body>();

/** The reader of a body that waits to become another one. */
const RECYCLED: BodySink = {
  bodyChunk() {},
  bodyFlush() {},
  bodyEnd() {},
  bodyFail() {},
  holdsBytes: false,
};

const NO_SOURCE: BodySource = {
  pauseBody() {},
  resumeBody() {},
  cancelBody() {},
};
