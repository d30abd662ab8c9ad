import { fieldIdOfBytes } from "../../field-names.ts";
import { type Fields, ownFields, STRIDE } from "../../fields.ts";
import { COLON, CR, HTAB, LF, SP, skip, TOKEN, VALUE } from "../octets.ts";
import { type Refuse, showOctet } from "../protocol-error.ts";
import type { SectionScanner } from "../section-reader.ts";

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

/**
 * Where fields are noted while a section is scanned, and copied from once: growing a fresh array
 * costs three times as much. A section that is not complete in one scan goes on in its own array.
 */
const SCRATCH: Fields = [];

/**
 * Scans field lines up to and including the empty line that ends them, in heads and trailers:
 *
 *     field-name ":" OWS field-value OWS CRLF   (RFC 9112 section 5)
 *
 * Refused, because a server behind us might read it differently: bare CR or LF, whitespace before
 * the colon, folded lines, empty names, control characters.
 */
export class FieldSection implements SectionScanner {
  private fields: Fields = SCRATCH;
  private length = 0;
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
   * A new section starts. It may have `maxBytes` bytes from where the first
   * `scan` starts, or from `start` where a start line before it counts too.
   */
  begin(maxBytes: number, start = -1): void {
    this.fields = SCRATCH;
    this.length = 0;
    this.state = State.line;
    this.maxBytes = maxBytes;
    this.sectionStart = start;
  }

  /** The fields of a section that is complete; the caller's to keep. */
  takeFields(): Fields {
    const { fields } = this;
    this.fields = SCRATCH;
    return fields === SCRATCH ? ownFields(SCRATCH, this.length) : fields;
  }

  scan(bytes: Uint8Array, at: number, end: number): number {
    if (this.sectionStart < 0) this.sectionStart = at;
    const { fields } = this;
    const cap = this.sectionStart + this.maxBytes;
    if (end > cap) end = cap;
    let { state, nameStart, nameEnd, valueStart } = this;
    // One state leads to the next: ifs in a row, where a switch would dispatch each.
    while (at < end) {
      if (state === State.line) {
        if (bytes[at] === CR) {
          at++;
          state = State.sectionEnd;
          continue;
        }
        if (this.length === this.maxFields * STRIDE) {
          throw this.refuse("header-too-large", `More than ${this.maxFields} fields`);
        }
        nameStart = at;
        state = State.name;
      }
      if (state === State.name) {
        while (at < end && TOKEN[bytes[at]] === 1) at++;
        if (at === end) break;
        if (bytes[at] !== COLON) throw this.badName(bytes[at], at === nameStart);
        if (at === nameStart) throw this.refuse("bad-request", "A field line with an empty name");
        nameEnd = at++;
        state = State.blank;
      }
      if (state === State.blank) {
        while (at < end && isBlank(bytes[at])) at++;
        if (at === end) break;
        valueStart = at;
        state = State.value;
      }
      if (state === State.value) {
        at = skip(VALUE, bytes, at, end);
        if (at === end) break;
        if (bytes[at] !== CR) throw this.bad(bytes[at], "in a field value");
        this.add(bytes, nameStart, nameEnd, valueStart, at++);
        state = State.lineEnd;
        if (at === end) break;
      }
      if (bytes[at] !== LF) throw this.bad(bytes[at], "behind a CR");
      at++;
      if (state === State.sectionEnd) return at;
      state = State.line;
    }
    if (at >= cap) {
      throw this.refuse("header-too-large", `A field section above ${this.maxBytes} bytes`);
    }
    if (fields === SCRATCH) this.fields = SCRATCH.slice(0, this.length);
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
    for (let i = 0; i < this.length; i += STRIDE) {
      for (let j = i + 1; j < i + STRIDE; j++) fields[j] -= by;
    }
  }

  private add(
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd--;
    const { fields, length } = this;
    fields[length] = fieldIdOfBytes(bytes, nameStart, nameEnd);
    fields[length + 1] = nameStart;
    fields[length + 2] = nameEnd;
    fields[length + 3] = valueStart;
    fields[length + 4] = valueEnd;
    this.length = length + STRIDE;
  }

  private bad(octet: number, where: string): Error {
    return this.refuse("bad-request", `Octet ${showOctet(octet)} ${where}`);
  }

  private badName(octet: number, atStart: boolean): Error {
    if (!atStart || !isBlank(octet)) return this.bad(octet, "in a field name");
    return this.refuse("bad-request", "A field line that starts with whitespace");
  }
}

function isBlank(octet: number): boolean {
  return octet === SP || octet === HTAB;
}
