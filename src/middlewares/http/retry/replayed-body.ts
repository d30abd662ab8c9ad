import { ByteQueue } from "../../../core/byte-queue.ts";
import type { ProxyError } from "../../../core/errors.ts";
import { Body, type BodySink, type BodySource } from "../../../http/body.ts";

/**
 * A request's body for several tries. It goes on as it comes, to the try that is under way, and is remembered
 * meanwhile up to a number of bytes: the next try gets what was read, and then the rest. A try that nothing was
 * read for costs nothing.
 */
export class ReplayedBody implements BodySink {
  private readonly source: Body;
  private readonly limit: number;
  /** Null where there is more than is remembered, or nothing is needed any more. */
  private kept: ByteQueue | null = new ByteQueue();
  private size = 0;
  private reading = false;
  private ended = false;
  private broken = false;
  private current: Try | null = null;
  /** Why the try under way wants no more, as long as another one may. */
  private unwanted: ProxyError | null = null;
  private last = false;

  /** `limit`: bytes that are remembered; below 0 for any number. */
  constructor(source: Body, limit: number) {
    this.source = source;
    this.limit = limit;
    if (limit >= 0 && source.length > limit) this.kept = null;
  }

  /** True where another try can have the whole body. */
  get replayable(): boolean {
    return !this.broken && (!this.reading || this.kept !== null);
  }

  /** The body of the next try. */
  next(): Body {
    this.unwanted = null;
    this.current = new Try(this, this.source.length);
    return this.current.body;
  }

  /** No further try follows the one under way. */
  settle(): void {
    this.last = true;
    // A try that hasn't begun to read needs what is remembered.
    if (this.current?.begun !== false) this.kept = null;
    if (this.unwanted !== null) this.source.cancel(this.unwanted);
  }

  // --- the try under way ---

  begin({ body }: Try): void {
    if (this.reading) this.repeat(body);
    if (this.last) this.kept = null;
    if (this.ended) {
      body.finish(this.source.trailers);
    } else if (this.reading) {
      this.source.resume();
    } else {
      this.reading = true;
      this.source.pipe(this);
    }
  }

  private repeat(body: Body): void {
    const bytes = this.kept?.take();
    if (bytes === undefined || bytes.length === 0) return;
    this.kept!.push(bytes);
    body.push(bytes, 0, bytes.length);
  }

  pause(): void {
    this.source.pause();
  }

  resume(): void {
    this.source.resume();
  }

  abandon(given: Try, error: ProxyError): void {
    if (given !== this.current) return;
    this.current = null;
    if (this.last) {
      this.source.cancel(error);
    } else {
      this.unwanted = error;
      // What comes waits for the next try, if there is one.
      if (this.reading) this.source.pause();
    }
  }

  // --- the request's body ---

  bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    this.size += end - start;
    if (this.limit >= 0 && this.size > this.limit) this.kept = null;
    this.kept?.pushCopy(bytes, start, end);
    this.current?.body.push(bytes, start, end);
  }

  bodyFlush(): void {
    this.current?.body.flush();
  }

  bodyEnd(): void {
    this.ended = true;
    this.current?.body.finish(this.source.trailers);
  }

  bodyFail(error: ProxyError): void {
    this.broken = true;
    this.current?.body.fail(error);
  }
}

/** The body as one try has it. */
class Try implements BodySource {
  readonly body: Body;
  /** It reads. */
  begun = false;
  private readonly owner: ReplayedBody;

  constructor(owner: ReplayedBody, length: number) {
    this.owner = owner;
    this.body = new Body(this, length);
  }

  startBody(): void {
    this.begun = true;
    this.owner.begin(this);
  }

  pauseBody(): void {
    this.owner.pause();
  }

  resumeBody(): void {
    this.owner.resume();
  }

  cancelBody(error: ProxyError): void {
    this.owner.abandon(this, error);
  }
}
