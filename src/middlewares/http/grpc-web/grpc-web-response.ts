import { latin1Bytes } from "../../../core/bytes.ts";
import type { ProxyError } from "../../../core/errors.ts";
import { Body, type BodySink, type BodySource } from "../../../http/body.ts";
import type { HeaderList } from "../../../wire/header-list.ts";

/** The flag of a frame that has trailers. */
const TRAILERS = 0x80;
const FRAME_HEAD = 5;

/** A gRPC body as gRPC-Web has it: trailers become a last frame; as text, all is base64. */
export class GrpcWebBody implements BodySink, BodySource {
  readonly body: Body;
  /** Null where the response had none. */
  private readonly source: Body | null;
  private readonly asText: boolean;
  /** Bytes of a group of three that isn't complete. */
  private rest: Uint8Array = new Uint8Array(0);

  constructor(source: Body | null, asText: boolean) {
    this.source = source;
    this.asText = asText;
    this.body = new Body(this, -1);
  }

  startBody(): void {
    if (this.source === null) this.bodyEnd();
    else this.source.pipe(this);
  }

  pauseBody(): void {
    this.source?.pause();
  }

  resumeBody(): void {
    this.source?.resume();
  }

  cancelBody(error: ProxyError): void {
    this.source?.cancel(error);
  }

  bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    if (!this.asText) {
      this.body.push(bytes, start, end);
      return;
    }
    const all = new Uint8Array(this.rest.length + end - start);
    all.set(this.rest);
    all.set(bytes.subarray(start, end), this.rest.length);
    const whole = all.length - (all.length % 3);
    this.rest = all.slice(whole);
    this.pushText(all.subarray(0, whole));
  }

  bodyFlush(): void {
    this.padded();
    this.body.flush();
  }

  bodyEnd(): void {
    const frame = trailerFrame(this.source?.trailers ?? null);
    this.bodyChunk(frame, 0, frame.length);
    this.padded();
    this.body.finish();
  }

  bodyFail(error: ProxyError): void {
    this.body.fail(error);
  }

  /** What waits goes on with padding, so that the reader has all of it. */
  private padded(): void {
    if (this.rest.length === 0) return;
    this.pushText(this.rest);
    this.rest = new Uint8Array(0);
  }

  private pushText(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const text = latin1Bytes(bytes.toBase64());
    this.body.push(text, 0, text.length);
  }
}

/** Names in lower case and sorted, as lines of HTTP/1.1. */
function trailerFrame(trailers: HeaderList | null): Uint8Array {
  const lines: string[] = [];
  for (const [name, value] of trailers?.entries() ?? [])
    lines.push(`${name.toLowerCase()}: ${value}\r\n`);
  const text = latin1Bytes(lines.sort().join(""));
  const frame = new Uint8Array(FRAME_HEAD + text.length);
  frame[0] = TRAILERS;
  new DataView(frame.buffer).setUint32(1, text.length);
  frame.set(text, FRAME_HEAD);
  return frame;
}
