import type { ProxyError } from "../../core/errors.ts";
import { Body, type BodySink, type BodySource } from "../body.ts";

/**
 * A body that passes another one on as it comes and as its reader takes it, trailers included.
 * What a middleware looks at, counts or changes on the way, it overrides.
 */
export class PassedBody implements BodySink, BodySource {
  /** To be read in the place of the original. */
  readonly body: Body;
  protected readonly source: Body;

  /** `length` as in `Body`. */
  constructor(source: Body, length = source.length) {
    this.source = source;
    this.body = new Body(this, length);
    this.body.trailerJudge = source.trailerJudge;
    this.body.endsUnmarked = source.endsUnmarked;
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
    this.body.push(bytes, start, end);
  }

  bodyFlush(): void {
    this.body.flush();
  }

  bodyEnd(): void {
    this.body.finish(this.source.trailers);
  }

  bodyFail(error: ProxyError): void {
    this.body.fail(error);
  }

  /** Breaks it off: neither side goes on. */
  protected refuse(error: ProxyError): void {
    this.source.cancel(error);
    this.body.fail(error);
  }
}
