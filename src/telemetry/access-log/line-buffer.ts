import type { AppendFile } from "../../net/runtime.ts";

const HEX = new TextEncoder().encode("0123456789abcdef");

const DECODER = new TextDecoder();

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const COMMA = 0x2c;

// 1 for what doesn't stand for itself between quotes, in CLF as in JSON.
const ODD = new Uint8Array(256).fill(1);
ODD.fill(0, SPACE, 0x7f);
ODD[QUOTE] = 1;
ODD[BACKSLASH] = 1;

// In JSON, as Go's encoder has it, what HTML would read something into doesn't either.
const ODD_IN_JSON = ODD.slice();
for (const code of [0x26, 0x3c, 0x3e]) ODD_IN_JSON[code] = 1;

const KEEP = 64 * 1024;

/**
 * Lines of text as bytes, put together piece by piece in one array that grows and is used again.
 * Output is printable ASCII and UTF-8 of printable characters. A text's code units below U+0100 are
 * bytes as a peer sent them: those that are UTF-8 together go out as they are.
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
   * Text as Go's %q writes it, without the quotes around: `\"`, `\\`, `\xHH` for controls and for
   * bytes that are no UTF-8, `\uHHHH` for half of a surrogate pair.
   */
  quoted(text: string): void {
    if (!this.plain(text, ODD)) this.escaped(text, false, false);
  }

  /** The inside of a JSON string; `&`, `<`, `>`, controls and bytes that are no UTF-8 as `\u00HH`. */
  json(text: string): void {
    if (!this.plain(text, ODD_IN_JSON)) this.escaped(text, true, false);
  }

  /**
   * `quoted` for a field without quotes around: a space is escaped as well, unless it is behind a
   * comma as in X-Forwarded-For's list.
   */
  bare(text: string): void {
    if (text.includes(" ")) this.escaped(text, false, true);
    else this.quoted(text);
  }

  /** Writes text that needs no escapes, as nearly all does; false, with nothing written, for other text. */
  private plain(text: string, odds: Uint8Array): boolean {
    const { length } = text;
    this.reserve(length);
    const { bytes, length: start } = this;
    let odd = 0;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      bytes[start + i] = code;
      odd |= odds[code & 0xff] | (code >> 8);
    }
    if (odd !== 0) return false;
    this.length = start + length;
    return true;
  }

  private escaped(text: string, json: boolean, spaces: boolean): void {
    this.reserve(text.length * 6);
    const odds = json ? ODD_IN_JSON : ODD;
    const { bytes } = this;
    let at = this.length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x80) {
        const odd =
          odds[code] !== 0 || (spaces && code === SPACE && text.charCodeAt(i - 1) !== COMMA);
        if (odd) at = writeEscape(bytes, at, code, json);
        else bytes[at++] = code;
        continue;
      }
      const point = code < 0x100 ? utf8At(text, i) : text.codePointAt(i)!;
      if (!isPrintable(point)) {
        at = writeEscape(bytes, at, code, json);
        continue;
      }
      at = writeUtf8(bytes, at, point);
      i += (code < 0x100 ? utf8Length(point) : point > 0xffff ? 2 : 1) - 1;
    }
    this.length = at;
  }

  /** What was written between two lengths, as text. */
  textFrom(start: number, end: number): string {
    return DECODER.decode(this.bytes.subarray(start, end));
  }

  /** Has what is there written before it returns; the buffer is empty again. */
  writeNow(file: AppendFile): void {
    file.writeNow(this.bytes, this.length);
    this.clear();
  }

  /** A copy of what is there; the buffer is empty again. */
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.length);
    this.clear();
    return taken;
  }

  private clear(): void {
    this.length = 0;
    // One enormous line is no reason to keep enormous room.
    if (this.bytes.length > KEEP * 4) this.bytes = new Uint8Array(KEEP);
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

/** The character whose UTF-8 begins at `index`, each code unit a byte; -1 where that is none (RFC 3629). */
function utf8At(text: string, index: number): number {
  const first = text.charCodeAt(index);
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || index + length > text.length) return -1;
  let point = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const next = text.charCodeAt(index + i);
    if (next >> 6 !== 2) return -1;
    point = (point << 6) | (next & 0x3f);
  }
  return utf8Length(point) === length ? point : -1;
}

function utf8Length(point: number): number {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

/**
 * False for what might forge a line or move a cursor (C1 controls, line separators) and for what is
 * no character (half of a surrogate pair, beyond U+10FFFF).
 */
function isPrintable(point: number): boolean {
  return (
    point >= 0xa0 &&
    point !== 0x2028 &&
    point !== 0x2029 &&
    point <= 0x10ffff &&
    (point < 0xd800 || point > 0xdfff)
  );
}

function writeUtf8(bytes: Uint8Array, at: number, point: number): number {
  const length = utf8Length(point);
  bytes[at] = length === 1 ? point : ((0xf00 >> length) & 0xff) | (point >> (6 * (length - 1)));
  for (let i = 1; i < length; i++)
    bytes[at + i] = 0x80 | ((point >> (6 * (length - 1 - i))) & 0x3f);
  return at + length;
}
