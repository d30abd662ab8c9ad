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

  constructor(stream: ReadableStream<Uint8Array>) {
    this.reader = stream.getReader();
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
        if (!(value instanceof Uint8Array)) {
          throw new TypeError("A body's stream must give Uint8Array chunks");
        }
        if (value.length > 0) {
          this.body.push(value, 0, value.length);
          this.body.flush();
        }
      }
    } catch (cause) {
      this.reader.cancel(cause).catch(() => {});
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
