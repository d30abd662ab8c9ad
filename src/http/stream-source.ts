import { ProxyError } from "../core/errors.ts";

/** The producer's side of a body. */
export interface BodyInlet {
  push(bytes: Uint8Array, start: number, end: number): void;
  flush(): void;
  finish(): void;
  fail(error: ProxyError): void;
}

/** Reads a stream into a body, one chunk at a time, no further than the body wants. */
export class StreamSource {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private body!: BodyInlet;
  private paused = false;
  private reading = false;

  private readonly failed: ((error: unknown) => void) | undefined;

  constructor(stream: ReadableStream<Uint8Array>, failed?: (error: unknown) => void) {
    this.reader = stream.getReader();
    this.failed = failed;
  }

  start(body: BodyInlet): void {
    this.body = body;
    void this.pump();
  }

  pauseBody(): void {
    this.paused = true;
  }

  resumeBody(): void {
    this.paused = false;
    if (!this.reading) void this.pump();
  }

  cancelBody(error: ProxyError): void {
    this.reader.cancel(error).catch(() => {});
  }

  private async pump(): Promise<void> {
    this.reading = true;
    try {
      while (!this.paused) {
        const { done, value } = await this.reader.read();
        if (done) {
          this.body.finish();
          break;
        }
        const bytes = bytesOf(value);
        if (bytes.length > 0) {
          this.body.push(bytes, 0, bytes.length);
          this.body.flush();
        }
      }
    } catch (cause) {
      this.reader.cancel(cause).catch(() => {});
      this.failed?.(cause);
      this.body.fail(
        cause instanceof ProxyError
          ? cause
          : new ProxyError("handler-failed", "internal", "A body's stream failed", { cause }),
      );
    } finally {
      this.reading = false;
    }
  }
}

/** A stream's chunk as bytes. Text and buffers go as well, as in servers of the platforms. Throws TypeError for anything else. */
function bytesOf(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (typeof chunk === "string") return new TextEncoder().encode(chunk);
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk))
    return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const found = chunk === null ? "null" : `a value of type ${typeof chunk}`;
  throw new TypeError(`a body's stream gave ${found}, expected bytes or text`);
}
