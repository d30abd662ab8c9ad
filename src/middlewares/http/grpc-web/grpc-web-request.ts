import { ProxyError } from "../../../core/errors.ts";
import { PassedBody } from "../../../http/bodies/passed-body.ts";
import type { Body } from "../../../http/body.ts";

/** Decodes the base64 that a request's body is (grpc-web-text), piece by piece; each may end in padding. */
export class Base64Body extends PassedBody {
  /** Up to three characters that wait for their group's end. */
  private rest = "";

  constructor(source: Body) {
    super(source, -1);
  }

  override bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    const text = this.rest + new TextDecoder("latin1").decode(bytes.subarray(start, end));
    const plain = text.replace(/[\r\n]/g, "");
    const whole = plain.length - (plain.length % 4);
    this.rest = plain.slice(whole);
    for (const group of plain.slice(0, whole).match(/(?:[^=]{4})+|.{4}/gs) ?? []) {
      const decoded = decode(group);
      if (decoded === null) {
        this.refuse(NO_BASE64);
        return;
      }
      if (decoded.length > 0) this.body.push(decoded, 0, decoded.length);
    }
  }

  override bodyEnd(): void {
    if (this.rest !== "") this.refuse(NO_BASE64);
    else super.bodyEnd();
  }
}

const NO_BASE64 = new ProxyError("bad-request", "downstream", "A gRPC-Web body is no base64");

function decode(text: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return null;
  }
}
