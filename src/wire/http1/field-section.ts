import { fieldIdOfBytes } from "../field-names.ts";
import { type Fields, STRIDE } from "../fields.ts";
import { COLON, CR, HTAB, LF, SP, TOKEN, VALUE } from "./octets.ts";
import { type Refuse, showOctet } from "./protocol-error.ts";
import type { SectionScanner } from "./section-reader.ts";

const State = {
  /** At the start of a line. */
  line: 0,
  name: 1,
  /** In the whitespace behind the colon. */
  blank: 2,
  value: 3,
  /** Behind a field line's CR. */
  lineEnd: 4,
  /** Behind the empty line's CR. */
  sectionEnd: 5,
} as const;

const NO_FIELDS: Fields = [];

/**
 * Scans field lines up to and including the empty line that ends them, in heads and trailers:
 *
 *     field-name ":" OWS field-value OWS CRLF   (RFC 9112 section 5)
 *
 * Refused, because somebody behind us might read it differently: bare CR or LF, whitespace before
 * the colon, folded lines, empty names, control characters.
 */
export class FieldSection implements SectionScanner {
  private fields: Fields = NO_FIELDS;
  private readonly maxFields: number;
  private readonly refuse: Refuse;
  private state: number = State.line;
  private maxBytes = 0;
  private sectionStart = -1;
  private nameStart = 0;
  private nameEnd = 0;
  private valueStart = 0;

  constructor(maxFields: number, refuse: Refuse) {
    this.maxFields = maxFields;
    this.refuse = refuse;
  }

  /**
   * A new section starts, with a fresh field list. It may have `maxBytes` bytes from where the first
   * `scan` starts, or from `start` where a start line before it counts too.
   */
  begin(maxBytes: number, start = -1): void {
    this.fields = [];
    this.state = State.line;
    this.maxBytes = maxBytes;
    this.sectionStart = start;
  }

  /** The fields of a section that is complete. Forgets them. */
  takeFields(): Fields {
    const { fields } = this;
    this.fields = NO_FIELDS;
    return fields;
  }

  scan(bytes: Uint8Array, at: number, end: number): number {
    if (this.sectionStart < 0) this.sectionStart = at;
    const { fields } = this;
    const cap = this.sectionStart + this.maxBytes;
    if (end > cap) end = cap;
    let { state, nameStart, nameEnd, valueStart } = this;
    while (at < end) {
      switch (state) {
        case State.line:
          if (bytes[at] === CR) {
            at++;
            state = State.sectionEnd;
            break;
          }
          if (fields.length === this.maxFields * STRIDE) {
            throw this.refuse("header-too-large", `More than ${this.maxFields} fields`);
          }
          nameStart = at;
          state = State.name;
          break;
        case State.name:
          while (at < end && TOKEN[bytes[at]] === 1) at++;
          if (at === end) break;
          if (bytes[at] !== COLON || at === nameStart)
            throw this.badName(bytes[at], at === nameStart);
          nameEnd = at++;
          state = State.blank;
          break;
        case State.blank:
          while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at++;
          if (at === end) break;
          valueStart = at;
          state = State.value;
          break;
        case State.value: {
          while (at < end && VALUE[bytes[at]] === 1) at++;
          if (at === end) break;
          if (bytes[at] !== CR) throw this.bad(bytes[at], "a field value");
          let valueEnd = at++;
          while (
            valueEnd > valueStart &&
            (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)
          ) {
            valueEnd--;
          }
          const id = fieldIdOfBytes(bytes, nameStart, nameEnd);
          fields.push(id, nameStart, nameEnd, valueStart, valueEnd);
          state = State.lineEnd;
          break;
        }
        case State.lineEnd:
          if (bytes[at] !== LF) throw this.bad(bytes[at], "a field line, behind a CR");
          at++;
          state = State.line;
          break;
        default:
          if (bytes[at] !== LF) throw this.bad(bytes[at], "the empty line, behind its CR");
          return at + 1;
      }
    }
    if (at >= cap) {
      throw this.refuse("header-too-large", `A field section above ${this.maxBytes} bytes`);
    }
    this.state = state;
    this.nameStart = nameStart;
    this.nameEnd = nameEnd;
    this.valueStart = valueStart;
    return -1;
  }

  rebase(by: number): void {
    const { fields } = this;
    this.sectionStart -= by;
    this.nameStart -= by;
    this.nameEnd -= by;
    this.valueStart -= by;
    for (let i = 0; i < fields.length; i += STRIDE) {
      for (let j = i + 1; j < i + STRIDE; j++) fields[j] -= by;
    }
  }

  private bad(octet: number, where: string): Error {
    return this.refuse("bad-request", `Octet ${showOctet(octet)} in ${where}`);
  }

  private badName(octet: number, atStart: boolean): Error {
    if (!atStart) return this.bad(octet, "a field name");
    if (octet === COLON) return this.refuse("bad-request", "A field line with an empty name");
    if (octet === SP || octet === HTAB) {
      return this.refuse("bad-request", "A field line that starts with whitespace");
    }
    return this.bad(octet, "a field name");
  }
}
