import type { Codecs, Coding, Encoder, EncoderSink } from "../../../core/codecs.ts";
import { ProxyError } from "../../../core/errors.ts";
import { Body, type BodySink, type BodySource } from "../../../http/body.ts";
import type { Exchange } from "../../../http/exchange.ts";

/** Passes a body on encoded, as it comes and no faster than its reader takes it. */
export class CompressedBody implements BodySink, BodySource, EncoderSink {
  readonly body: Body;
  private readonly source: Body;
  private readonly codecs: Codecs;
  private readonly coding: Coding;
  private readonly exchange: Exchange;
  /** A body of unknown length may be one of events: what is there goes on. */
  private readonly flushes: boolean;
  private encoder: Encoder | null = null;
  private written = false;
  /** The reader, and the encoder, take no more for now. */
  private held = false;
  private full = false;

  constructor(source: Body, codecs: Codecs, coding: Coding, exchange: Exchange) {
    this.source = source;
    this.codecs = codecs;
    this.coding = coding;
    this.exchange = exchange;
    this.flushes = source.length < 0;
    this.body = new Body(this, -1);
    this.body.endsUnmarked = source.endsUnmarked;
  }

  // --- the reader's side ---

  startBody(): void {
    this.encoder = this.codecs.encoder(this.coding, this);
    this.source.pipe(this);
    // What was at hand has no read event that flushes it.
    if (!this.source.complete) this.bodyFlush();
  }

  pauseBody(): void {
    this.held = true;
    this.source.pause();
  }

  resumeBody(): void {
    this.held = false;
    if (!this.full) this.source.resume();
  }

  cancelBody(error: ProxyError): void {
    this.encoder?.abort();
    this.source.cancel(error);
  }

  // --- what comes from the source ---

  bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    this.written = true;
    if (this.encoder!.write(bytes.subarray(start, end))) return;
    this.full = true;
    this.source.pause();
  }

  bodyFlush(): void {
    if (!this.flushes || !this.written) return;
    this.written = false;
    this.encoder!.flush();
  }

  bodyEnd(): void {
    this.encoder!.end();
  }

  bodyFail(error: ProxyError): void {
    this.encoder!.abort();
    this.body.fail(error);
  }

  // --- what comes out of the encoder ---

  encoded(bytes: Uint8Array): void {
    this.body.push(bytes, 0, bytes.length);
    this.body.flush();
  }

  drained(): void {
    this.full = false;
    if (!this.held) this.source.resume();
  }

  ended(): void {
    this.exchange.originBytes = this.source.received;
    this.body.finish(this.source.trailers);
  }

  failed(cause: unknown): void {
    const error = new ProxyError("handler-failed", "internal", "A body could not be compressed", {
      cause,
    });
    this.source.cancel(error);
    this.body.fail(error);
  }
}
