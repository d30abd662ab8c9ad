import { concatBytes, latin1 } from "../core/bytes.ts";

/**
 * The Distinguished Encoding Rules of ASN.1 (ITU-T X.690), as far as certificates and keys need
 * them. Own code, because the libraries for X.509 cost more than they save here: 130 ms and 20 MB at
 * the start, and a patched global `Reflect`.
 */

export const BOOLEAN = 0x01;
export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const OBJECT_IDENTIFIER = 0x06;
export const UTF8_STRING = 0x0c;
export const BMP_STRING = 0x1e;
export const UTC_TIME = 0x17;
export const GENERALIZED_TIME = 0x18;
export const SEQUENCE = 0x30;
export const SET = 0x31;

/** The tag of a context-specific value, `[number]`: constructed for explicit tags and lists. */
export const context = (number: number, constructed = true) =>
  0x80 | (constructed ? 0x20 : 0) | number;

/** One value: `encoded` with its tag and length, `content` without. */
export interface DerValue {
  readonly tag: number;
  readonly encoded: Uint8Array;
  readonly content: Uint8Array;
}

function malformed(what: string): Error {
  return new Error(`malformed DER: ${what}`);
}

/** The values that `bytes` are made of, one behind the other. Throws where they aren't DER. */
export function readDerList(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = [];
  let at = 0;
  while (at < bytes.length) {
    const value = readAt(bytes, at);
    values.push(value);
    at += value.encoded.length;
  }
  return values;
}

/** The one value that `bytes` are; `tag` is what it must have. */
export function readDer(bytes: Uint8Array, tag: number): DerValue {
  const value = expectTag(bytes.length === 0 ? undefined : readAt(bytes, 0), tag);
  if (value.encoded.length !== bytes.length) throw malformed("bytes behind a value");
  return value;
}

/** What is in a SEQUENCE, a SET or an explicit tag. */
export function elementsOf(value: DerValue | undefined, tag: number): DerValue[] {
  return readDerList(expectTag(value, tag).content);
}

export function expectTag(value: DerValue | undefined, tag: number): DerValue {
  if (value?.tag === tag) return value;
  const found = value === undefined ? "nothing" : `0x${value.tag.toString(16)}`;
  throw malformed(`expected a value with the tag 0x${tag.toString(16)}, found ${found}`);
}

function readAt(bytes: Uint8Array, start: number): DerValue {
  if (bytes.length - start < 2) throw malformed("a value without a length");
  const tag = bytes[start];
  if ((tag & 0x1f) === 0x1f) throw malformed("a tag of several bytes");
  let at = start + 1;
  let length = bytes[at++];
  if (length >= 0x80) {
    const octets = length - 0x80;
    if (octets === 0 || octets > 4) throw malformed("a length of another form");
    length = 0;
    for (let i = 0; i < octets; i++) length = length * 256 + (bytes[at++] ?? Number.NaN);
    if (!(length >= 0x80 && length >= 256 ** (octets - 1))) throw malformed("a length");
  }
  if (bytes.length - at < length) throw malformed("a value beyond the end");
  const end = at + length;
  return { tag, encoded: bytes.subarray(start, end), content: bytes.subarray(at, end) };
}

/** Dotted, such as "2.5.4.3". */
export function readObjectIdentifier(value: DerValue | undefined): string {
  const { content } = expectTag(value, OBJECT_IDENTIFIER);
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const byte of content) {
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  if (content.length === 0 || content[content.length - 1] >= 0x80 || content.length > 64)
    throw malformed("an object identifier");
  const first = arcs[0] < 80n ? arcs[0] / 40n : 2n;
  return [first, arcs[0] - first * 40n, ...arcs.slice(1)].join(".");
}

export function readInteger(value: DerValue | undefined): bigint {
  const { content } = expectTag(value, INTEGER);
  if (content.length === 0) throw malformed("an integer without digits");
  return BigInt.asIntN(content.length * 8, BigInt(`0x${content.toHex()}`));
}

/** Milliseconds since the epoch (RFC 5280 section 4.1.2.5). */
export function readTime(value: DerValue | undefined): number {
  if (value?.tag !== UTC_TIME) expectTag(value, GENERALIZED_TIME);
  const text = latin1(value!.content);
  const digits = /^(\d\d|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (digits === null || (digits[1].length === 2) !== (value!.tag === UTC_TIME))
    throw malformed(`a time of ${JSON.stringify(text)}`);
  const [year, month, day, hour, minute, second] = digits.slice(1).map(Number);
  // Years of two digits are those from 1950 to 2049.
  const century = digits[1].length === 4 ? 0 : year < 50 ? 2000 : 1900;
  return Date.UTC(century + year, month - 1, day, hour, minute, second);
}

/** A string of any of ASN.1's types. */
export function readText({ tag, content }: DerValue): string {
  if (tag === UTF8_STRING) return new TextDecoder().decode(content);
  if (tag !== BMP_STRING) return latin1(content);
  let text = "";
  for (let i = 0; i + 1 < content.length; i += 2)
    text += String.fromCharCode(content[i] * 256 + content[i + 1]);
  return text;
}

/** A value of the given content. */
export function der(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const length = content.reduce((sum, part) => sum + part.length, 0);
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  const head = length < 0x80 ? [tag, length] : [tag, 0x80 | octets.length, ...octets];
  return concatBytes([Uint8Array.from(head), ...content]);
}

export function derObjectIdentifier(dotted: string): Uint8Array {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const septets = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) septets.unshift(0x80 | (left & 0x7f));
    bytes.push(...septets);
  }
  return der(OBJECT_IDENTIFIER, Uint8Array.from(bytes));
}

/** A number that isn't negative, from its bytes, the highest first. */
export function derInteger(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  return der(INTEGER, ...(digits[0] >= 0x80 ? [Uint8Array.of(0)] : []), digits);
}

export function derBitString(bytes: Uint8Array): Uint8Array {
  return der(BIT_STRING, Uint8Array.of(0), bytes);
}

/** UTCTime up to 2049 and GeneralizedTime from then on, whole seconds (RFC 5280 section 4.1.2.5). */
export function derTime(milliseconds: number): Uint8Array {
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]|\..*/g, "");
  const text = new TextEncoder().encode(`${digits}Z`);
  return digits < "2050" ? der(UTC_TIME, text.subarray(2)) : der(GENERALIZED_TIME, text);
}
