import { ByteQueue } from "../../core/byte-queue.ts";
import type { ProxyError } from "../../core/errors.ts";
import { Body, type BodySink, type BodySource } from "../../http/body.ts";

/** Passes a request's body on as it comes and remembers it, up to a number of bytes. */
export class RecordedBody implements BodySink, BodySource {
  /** To be read in the place of the original. */
  readonly body: Body;
  private readonly source: Body;
  private readonly limit: number;
  /** Null once there are too many. */
  private kept: ByteQueue | null = new ByteQueue();
  private size = 0;
  private ended = false;

  /** `limit` below 0 for none. */
  constructor(source: Body, limit: number) {
    this.source = source;
    this.limit = limit;
    this.body = new Body(this, source.length);
    this.body.trailerJudge = source.trailerJudge;
  }

  /** The whole body; null where it didn't come to its end, or was too large. */
  bytes(): Uint8Array | null {
    return this.ended && this.kept !== null ? this.kept.take() : null;
  }

  startBody(): void {
    this.source.pipe(this);
  }

  pauseBody(): void {
    this.source.pause();
  }

  resumeBody(): void {
    this.source.resume();
  }

  cancelBody(error: ProxyError): void {
    this.source.cancel(error);
  }

  bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    this.size += end - start;
    if (this.limit >= 0 && this.size > this.limit) this.kept = null;
    this.kept?.pushCopy(bytes, start, end);
    this.body.push(bytes, start, end);
  }

  bodyFlush(): void {
    this.body.flush();
  }

  bodyEnd(): void {
    this.ended = true;
    this.body.finish(this.source.trailers);
  }

  bodyFail(error: ProxyError): void {
    this.kept = null;
    this.body.fail(error);
  }
}
