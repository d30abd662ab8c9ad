import { ProxyError } from "../../../core/errors.ts";
import { Body, type BodySink, type BodySource } from "../../../http/body.ts";

/** Decodes the base64 that a request's body is (grpc-web-text), piece by piece; each may end in padding. */
export class Base64Body implements BodySink, BodySource {
  readonly body: Body;
  private readonly source: Body;
  /** Up to three characters that wait for their group's end. */
  private rest = "";

  constructor(source: Body) {
    this.source = source;
    this.body = new Body(this, -1);
    this.body.trailerJudge = source.trailerJudge;
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
    const text = this.rest + new TextDecoder("latin1").decode(bytes.subarray(start, end));
    const plain = text.replace(/[\r\n]/g, "");
    const whole = plain.length - (plain.length % 4);
    this.rest = plain.slice(whole);
    for (const group of plain.slice(0, whole).match(/(?:[^=]{4})+|.{4}/gs) ?? []) {
      const decoded = decode(group);
      if (decoded === null) {
        this.refuse();
        return;
      }
      if (decoded.length > 0) this.body.push(decoded, 0, decoded.length);
    }
  }

  bodyFlush(): void {
    this.body.flush();
  }

  bodyEnd(): void {
    if (this.rest !== "") this.refuse();
    else this.body.finish(this.source.trailers);
  }

  bodyFail(error: ProxyError): void {
    this.body.fail(error);
  }

  private refuse(): void {
    const error = new ProxyError("bad-request", "downstream", "A gRPC-Web body is no base64");
    this.source.cancel(error);
    this.body.fail(error);
  }
}

function decode(text: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return null;
  }
}
