const HEX = new TextEncoder().encode("0123456789abcdef");

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;

// 1 for what doesn't stand for itself between quotes, in CLF as in JSON.
const ODD = new Uint8Array(256).fill(1);
ODD.fill(0, SPACE, 0x7f);
ODD[QUOTE] = 1;
ODD[BACKSLASH] = 1;

const KEEP = 64 * 1024;

/**
 * Lines of text as bytes, put together piece by piece in one array that grows and is used again.
 * All output is printable ASCII.
 */
export class LineBuffer {
  length = 0;
  private bytes = new Uint8Array(KEEP);

  /** Makes room for `count` more bytes. */
  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  byte(code: number): void {
    this.reserve(1);
    this.bytes[this.length++] = code;
  }

  /** Puts one byte in the place of another. */
  replace(at: number, code: number): void {
    this.bytes[at] = code;
  }

  /** Text of our own that needs no escapes. */
  ascii(text: string): void {
    this.reserve(text.length);
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
    this.length = at;
  }

  /** Bytes made before. */
  raw(source: Uint8Array): void {
    this.reserve(source.length);
    // A native copy costs about as much as twenty bytes.
    if (source.length > 20) {
      this.bytes.set(source, this.length);
      this.length += source.length;
      return;
    }
    for (let i = 0; i < source.length; i++) this.bytes[this.length + i] = source[i];
    this.length += source.length;
  }

  /** A whole number in decimal. */
  integer(value: number): void {
    if (!(value >= 0 && value < 2 ** 31)) {
      this.ascii(String(Math.trunc(value) || 0));
      return;
    }
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    this.reserve(digits);
    let rest = value | 0;
    for (let at = this.length + digits - 1; at >= this.length; at--) {
      const tenth = (rest / 10) | 0;
      this.bytes[at] = 0x30 + rest - tenth * 10;
      rest = tenth;
    }
    this.length += digits;
  }

  /**
   * Text as Go's %q writes it, without the quotes around: `\"`, `\\`, `\xHH` for controls and bytes
   * beyond ASCII, `\uHHHH` for what is no byte.
   */
  quoted(text: string): void {
    if (!this.plain(text)) this.escaped(text, false);
  }

  /** The inside of a JSON string; each code unit that isn't printable ASCII as `\u00HH`. */
  json(text: string): void {
    if (!this.plain(text)) this.escaped(text, true);
  }

  /**
   * `quoted` for a field without quotes around: a space is escaped as well, unless it is behind a
   * comma as in X-Forwarded-For's list.
   */
  bare(text: string): void {
    if (!text.includes(" ")) {
      this.quoted(text);
      return;
    }
    for (let i = 0; i < text.length; i++) {
      if (text[i] === " " && text[i - 1] !== ",") this.ascii("\\x20");
      else this.quoted(text[i]);
    }
  }

  /** Writes text that needs no escapes, as nearly all does; false, with nothing written, for other text. */
  private plain(text: string): boolean {
    const { length } = text;
    this.reserve(length);
    const { bytes, length: start } = this;
    let odd = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      bytes[start + i] = code;
      odd |= ODD[code & 0xff] | (code >> 8);
    }
    if (odd !== 0) return false;
    this.length = start + length;
    return true;
  }

  private escaped(text: string, json: boolean): void {
    this.reserve(text.length * 6);
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x100 && ODD[code] === 0) bytes[at++] = code;
      else at = writeEscape(bytes, at, code, json);
    }
    this.length = at;
  }

  /** A copy of what is there; the buffer is empty again. */
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    // One enormous line is no reason to keep enormous room.
    if (this.bytes.length > KEEP * 4) this.bytes = new Uint8Array(KEEP);
    return taken;
  }
}

function writeEscape(bytes: Uint8Array, at: number, code: number, json: boolean): number {
  bytes[at++] = BACKSLASH;
  if (code === QUOTE || code === BACKSLASH) {
    bytes[at++] = code;
    return at;
  }
  if (code < 0x100 && !json) {
    bytes[at++] = 0x78;
  } else {
    bytes[at++] = 0x75;
    bytes[at++] = HEX[code >> 12];
    bytes[at++] = HEX[(code >> 8) & 15];
  }
  bytes[at++] = HEX[(code >> 4) & 15];
  bytes[at++] = HEX[code & 15];
  return at;
}
