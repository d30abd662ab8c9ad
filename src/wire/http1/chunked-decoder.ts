import type { Fields } from "../fields.ts";
import { FieldSection } from "./head/field-section.ts";
import type { Http1Limits } from "./message.ts";
import {
  BACKSLASH,
  CR,
  EQUALS,
  HEX,
  HTAB,
  LF,
  NO_DIGIT,
  QUOTE,
  QUOTED,
  SEMICOLON,
  SP,
  TOKEN,
  VALUE,
} from "./octets.ts";
import { type Refuse, showOctet, showOctets } from "./protocol-error.ts";
import { SectionReader } from "./section-reader.ts";
import { forbiddenTrailer } from "./trailers.ts";

/** Who gets a body's pieces; the `messageBody` of a MessageSink. */
export interface BodyReceiver {
  messageBody(bytes: Uint8Array, start: number, end: number): void;
}

const State = {
  /** In the chunk-size, or in front of it. */
  size: 0,
  /** In the blanks behind it. */
  padding: 13,
  /** Behind a ";". */
  extension: 1,
  extensionName: 2,
  /** Behind a "=". */
  extensionValue: 3,
  extensionToken: 4,
  quoted: 5,
  /** Behind a backslash in a quoted-string. */
  escaped: 6,
  /** Behind the closing quote. */
  quotedEnd: 7,
  /** Behind the size line's CR. */
  lineEnd: 8,
  data: 9,
  /** Behind the data. */
  dataEnd: 10,
  /** Behind the data and its CR. */
  dataLf: 11,
  trailers: 12,
} as const;

const NONE = new Uint8Array(0);

/** A size with more digits than any safe integer has is padding, and padding is a trick. */
const MAX_SIZE_DIGITS = 16;

/**
 * Takes the chunked transfer coding off a body (RFC 9112 section 7.1):
 *
 *     *( chunk-size *( ";" token [ "=" ( token / quoted-string ) ] ) CRLF data CRLF )
 *     1*"0" [ extensions ] CRLF trailer-section CRLF
 *
 * Extensions are checked and dropped. The whitespace around ";" and "=" that the RFC tolerates is
 * refused: where a size line ends is what smugglers want readers to disagree on. Servers that pad the
 * size with blanks are many, and Go reads them: `padded` takes those, in responses.
 */
export class ChunkedDecoder {
  /** The body and its trailer section are complete. */
  done = false;
  /** The trailer section once `done`, null where it is empty, and what it points into. */
  trailers: Fields | null = null;
  trailerBytes: Uint8Array = NONE;
  private readonly limits: Http1Limits;
  private readonly refuse: Refuse;
  private readonly padded: boolean;
  private readonly section: FieldSection;
  private readonly reader: SectionReader;
  private state: number = State.size;
  private digits = 0;
  /** The chunk's size; in its data, what is left of it. */
  private size = 0;
  private lineBytes = 0;
  /** Extension bytes beyond data bytes, so far. */
  private excess = 0;

  constructor(limits: Http1Limits, refuse: Refuse, padded = false) {
    this.limits = limits;
    this.refuse = refuse;
    this.padded = padded;
    this.section = new FieldSection(limits.maxFields, refuse);
    this.reader = new SectionReader(this.section);
  }

  /** A body starts. */
  begin(): void {
    this.done = false;
    this.trailers = null;
    this.trailerBytes = NONE;
    this.excess = 0;
    this.beginChunk();
  }

  /** Decodes from `at`, hands data to `receiver`, and returns `end` or the offset behind the body. */
  decode(bytes: Uint8Array, at: number, end: number, receiver: BodyReceiver): number {
    while (at < end) {
      switch (this.state) {
        case State.data: {
          const stop = Math.min(end, at + this.size);
          this.size -= stop - at;
          if (this.size === 0) this.state = State.dataEnd;
          receiver.messageBody(bytes, at, stop);
          at = stop;
          break;
        }
        case State.dataEnd:
          if (bytes[at] !== CR) throw this.bad(bytes[at], "behind a chunk's data");
          at++;
          this.state = State.dataLf;
          break;
        case State.dataLf:
          if (bytes[at] !== LF) throw this.bad(bytes[at], "behind a chunk's data and CR");
          at++;
          this.beginChunk();
          break;
        case State.trailers:
          return this.readTrailers(bytes, at, end);
        default:
          at = this.sizeLine(bytes, at, end);
      }
    }
    return at;
  }

  private beginChunk(): void {
    this.state = State.size;
    this.digits = 0;
    this.size = 0;
    this.lineBytes = 0;
  }

  // --- the chunk-size line ---

  private sizeLine(bytes: Uint8Array, start: number, end: number): number {
    const { maxChunkLineBytes } = this.limits;
    const room = maxChunkLineBytes - this.lineBytes;
    const stop = Math.min(end, start + room);
    let at = start;
    while (at < stop) {
      const octet = bytes[at++];
      if (this.state === State.lineEnd) {
        if (octet !== LF) throw this.bad(octet, "in a chunk-size line, behind its CR");
        this.lineBytes += at - start;
        this.beginData();
        return at;
      }
      this.state = this.state === State.size ? this.sizeOctet(octet) : this.extensionOctet(octet);
    }
    if (at - start === room) {
      throw this.refuse("bad-request", `A chunk-size line above ${maxChunkLineBytes} bytes`);
    }
    this.lineBytes += at - start;
    return at;
  }

  private sizeOctet(octet: number): number {
    const digit = HEX[octet];
    if (digit === NO_DIGIT) {
      if (this.digits > 0 && octet === CR) return State.lineEnd;
      if (this.digits > 0 && octet === SEMICOLON) return State.extension;
      if (this.digits > 0 && this.padded && isBlank(octet)) return State.padding;
      throw this.bad(octet, "in a chunk-size");
    }
    this.size = this.size * 16 + digit;
    this.digits++;
    if (this.digits > MAX_SIZE_DIGITS || this.size > Number.MAX_SAFE_INTEGER) {
      throw this.refuse("bad-request", "A chunk-size of more than 16 digits or above 2^53-1");
    }
    return State.size;
  }

  /** The state behind an octet of the chunk extensions. */
  private extensionOctet(octet: number): number {
    switch (this.state) {
      case State.padding:
        if (isBlank(octet)) return State.padding;
        if (octet === CR) return State.lineEnd;
        break;
      case State.extension:
        if (TOKEN[octet] === 1) return State.extensionName;
        break;
      case State.extensionName:
        if (TOKEN[octet] === 1) return State.extensionName;
        if (octet === EQUALS) return State.extensionValue;
        if (octet === SEMICOLON) return State.extension;
        if (octet === CR) return State.lineEnd;
        break;
      case State.extensionValue:
        if (TOKEN[octet] === 1) return State.extensionToken;
        if (octet === QUOTE) return State.quoted;
        break;
      case State.quoted:
        if (QUOTED[octet] === 1) return State.quoted;
        if (octet === QUOTE) return State.quotedEnd;
        if (octet === BACKSLASH) return State.escaped;
        break;
      case State.escaped:
        if (VALUE[octet] === 1) return State.quoted;
        break;
      case State.extensionToken:
        if (TOKEN[octet] === 1) return State.extensionToken;
        if (octet === SEMICOLON) return State.extension;
        if (octet === CR) return State.lineEnd;
        break;
      default:
        if (octet === SEMICOLON) return State.extension;
        if (octet === CR) return State.lineEnd;
    }
    throw this.bad(octet, "behind a chunk-size");
  }

  /** The size line is complete. */
  private beginData(): void {
    const { maxChunkExtensionBytes, maxTrailerBytes } = this.limits;
    const extensions = this.lineBytes - this.digits - 2;
    this.excess = Math.max(0, this.excess + extensions - this.size);
    if (this.excess > maxChunkExtensionBytes) {
      throw this.refuse("bad-request", "A body with more chunk extensions than data");
    }
    if (this.size > 0) {
      this.state = State.data;
    } else {
      this.state = State.trailers;
      this.section.begin(maxTrailerBytes);
    }
  }

  // --- the end ---

  private readTrailers(bytes: Uint8Array, start: number, end: number): number {
    const behind = this.reader.read(bytes, start, end);
    if (behind < 0) return end;
    this.done = true;
    const fields = this.section.takeFields();
    const trailerBytes = this.reader.take();
    if (fields.length === 0) return behind;
    const at = forbiddenTrailer(fields);
    if (at >= 0) {
      const name = showOctets(trailerBytes, fields[at + 1], fields[at + 2]);
      throw this.refuse("bad-request", `${name} in a trailer section`);
    }
    this.trailers = fields;
    this.trailerBytes = trailerBytes;
    return behind;
  }

  private bad(octet: number, where: string): Error {
    return this.refuse("bad-request", `Octet ${showOctet(octet)} ${where}`);
  }
}

function isBlank(octet: number): boolean {
  return octet === SP || octet === HTAB;
}
