import { FieldId } from "../../field-names.ts";
import { type Fields, STRIDE } from "../../fields.ts";
import { NINE, ZERO } from "../octets.ts";
import { type Refuse, showOctets } from "../protocol-error.ts";
import { isOption, optionEnd, optionStart } from "./connection-options.ts";

/** Options of `Connection` in one head: each may name a field, which is looked for among all. */
const MAX_OPTIONS = 100;

/**
 * What a head's fields say about its own connection and length. One object serves all messages of
 * a parser. Offsets are those of the last field of that name, counts tell whether it was the only one.
 */
export class HeadFacts {
  hosts = 0;
  hostStart = 0;
  hostEnd = 0;
  /** -1 where there is none. */
  contentLength = -1;
  transferEncodings = 0;
  /** The one `Transfer-Encoding` says exactly `chunked`. */
  chunked = false;
  expectations = 0;
  /** Every `Expect` says exactly `100-continue`. */
  expectContinue = true;
  /** Connection options. */
  close = false;
  keepAlive = false;
  upgradeOption = false;
  /** There is an `Upgrade` field that names something. */
  upgradeField = false;
  private options = 0;
  private readonly refuse: Refuse;

  constructor(refuse: Refuse) {
    this.refuse = refuse;
  }

  read(bytes: Uint8Array, fields: Fields): void {
    this.hosts = this.transferEncodings = this.expectations = this.options = 0;
    this.contentLength = -1;
    this.chunked = this.close = this.keepAlive = this.upgradeOption = this.upgradeField = false;
    this.expectContinue = true;
    for (let i = 0; i < fields.length; i += STRIDE) {
      const start = fields[i + 3];
      const end = fields[i + 4];
      switch (fields[i]) {
        case FieldId.host:
          this.hosts++;
          this.hostStart = start;
          this.hostEnd = end;
          break;
        case FieldId.connection:
          this.readConnection(bytes, start, end);
          break;
        case FieldId.contentLength:
          this.readContentLength(bytes, start, end);
          break;
        case FieldId.transferEncoding:
          this.transferEncodings++;
          this.chunked = this.transferEncodings === 1 && isOption(bytes, start, end, "chunked");
          break;
        case FieldId.upgrade:
          if (end > start) this.upgradeField = true;
          break;
        case FieldId.expect:
          this.expectations++;
          if (!isOption(bytes, start, end, "100-continue")) this.expectContinue = false;
          break;
      }
    }
  }

  private readConnection(bytes: Uint8Array, start: number, end: number): void {
    let stop = start;
    for (let at = optionStart(bytes, start, end); at < end; at = optionStart(bytes, stop, end)) {
      stop = optionEnd(bytes, at, end);
      if (stop < 0) {
        const found = showOctets(bytes, start, end);
        throw this.refuse("bad-request", `Connection is ${found}, expected a list of tokens`);
      }
      if (++this.options > MAX_OPTIONS) {
        throw this.refuse("bad-request", `More than ${MAX_OPTIONS} options of Connection`);
      }
      if (isOption(bytes, at, stop, "close")) this.close = true;
      else if (isOption(bytes, at, stop, "keep-alive")) this.keepAlive = true;
      else if (isOption(bytes, at, stop, "upgrade")) this.upgradeOption = true;
    }
  }

  /**
   * Digits only, once. RFC 9112 section 6.3 lets a recipient take equal repetitions for one; we
   * don't, in either role (nor does nginx): a sender of them has merged two messages' fields.
   */
  private readContentLength(bytes: Uint8Array, start: number, end: number): void {
    if (this.contentLength >= 0) throw this.refuse("bad-request", "More than one Content-Length");
    let length = 0;
    for (let at = start; at < end; at++) {
      length = length * 10 + bytes[at] - ZERO;
      if (bytes[at] < ZERO || bytes[at] > NINE || length > Number.MAX_SAFE_INTEGER) {
        length = -1;
        break;
      }
    }
    if (start === end || length < 0) {
      const found = showOctets(bytes, start, end);
      throw this.refuse(
        "bad-request",
        `Content-Length is ${found}, expected an integer up to 2^53-1`,
      );
    }
    this.contentLength = length;
  }
}
