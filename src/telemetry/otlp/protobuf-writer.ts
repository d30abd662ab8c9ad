const FIRST_SIZE = 4096;
const encoder = new TextEncoder();

/** Types of fields on the wire (protobuf encoding, "Message structure"). */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

/**
 * Writes messages of Protocol Buffers into one array that grows and is used again. Fields are written as
 * they come; the reader of a message takes any order.
 */
export class ProtobufWriter {
  length = 0;
  private bytes = new Uint8Array(FIRST_SIZE);
  private view = new DataView(this.bytes.buffer);

  private reserve(count: number): void {
    const needed = this.length + count;
    if (needed <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  /** A whole number from 0, below 2^53. */
  private varint(value: number): void {
    this.reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.length++] = rest;
  }

  private tag(field: number, type: number): void {
    this.varint(field * 8 + type);
  }

  /** A whole number from 0, an enumeration's value, or a boolean. */
  integer(field: number, value: number): void {
    this.tag(field, VARINT);
    this.varint(value);
  }

  /** A whole number of 64 bits that may be below 0. */
  signed(field: number, value: number): void {
    if (value >= 0) {
      this.integer(field, value);
      return;
    }
    this.tag(field, VARINT);
    this.reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      this.bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.length++] = Number(rest);
  }

  fixed32(field: number, value: number): void {
    this.tag(field, FIXED32);
    this.reserve(4);
    this.view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** A whole number from 0. */
  fixed64(field: number, value: bigint): void {
    this.tag(field, FIXED64);
    this.bare64(value);
  }

  /** The number alone: an element of a packed field. */
  bare64(value: bigint): void {
    this.reserve(8);
    this.view.setBigUint64(this.length, value, true);
    this.length += 8;
  }

  double(field: number, value: number): void {
    this.tag(field, FIXED64);
    this.bareDouble(value);
  }

  bareDouble(value: number): void {
    this.reserve(8);
    this.view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  raw(field: number, value: Uint8Array): void {
    this.tag(field, BYTES);
    this.varint(value.length);
    this.append(value);
  }

  /** Fields that were written before. */
  append(fields: Uint8Array): void {
    this.reserve(fields.length);
    this.bytes.set(fields, this.length);
    this.length += fields.length;
  }

  /** Bytes that the text has in hexadecimal. */
  hex(field: number, text: string): void {
    this.tag(field, BYTES);
    this.varint(text.length / 2);
    this.reserve(text.length / 2);
    for (let i = 0; i < text.length; i += 2)
      this.bytes[this.length++] = (nibble(text, i) << 4) | nibble(text, i + 1);
  }

  /** Text as UTF-8. */
  text(field: number, value: string): void {
    this.tag(field, BYTES);
    this.reserve(value.length * 3 + 5);
    const start = this.length + 1;
    // Nearly all texts are short and ASCII.
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code >= 0x80) {
        const { written } = encoder.encodeInto(value, this.bytes.subarray(start));
        this.close(start, written);
        return;
      }
      this.bytes[start + i] = code;
    }
    this.close(start, value.length);
  }

  /** A message within: what `fields` writes. */
  message(field: number, fields: () => void): void {
    const start = this.open(field);
    fields();
    this.end(start);
  }

  /** Begins a message within, which `end` ends with what this returns. */
  open(field: number): number {
    this.tag(field, BYTES);
    this.reserve(1);
    return ++this.length;
  }

  end(start: number): void {
    this.close(start, this.length - start);
  }

  /** `count` bytes are there from `start` on, with one byte before them for their number. */
  private close(start: number, count: number): void {
    this.length = start - 1;
    if (count < 0x80) {
      this.bytes[start - 1] = count;
      this.length = start + count;
      return;
    }
    let size = 1;
    for (let rest = count; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
    this.length = start + count;
    this.reserve(size);
    this.bytes.copyWithin(start - 1 + size, start, start + count);
    this.length = start - 1;
    this.varint(count);
    this.length += count;
  }

  /** A copy of what is there; the writer is empty again. */
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }
}

function nibble(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57;
}
