import type { Fields } from "../../fields.ts";
import type { Http1Limits } from "../message.ts";
import type { Refuse } from "../protocol-error.ts";
import type { SectionScanner } from "../section-reader.ts";
import { FieldSection } from "./field-section.ts";

/** A request line or a status line. */
export interface StartLine extends SectionScanner {
  begin(): void;
}

/** Scans a head: a start line, then fields up to the empty line (RFC 9112 section 2.1). */
export class HeadScanner implements SectionScanner {
  /** Bytes of the head, once it is complete. */
  length = 0;
  private readonly limits: Http1Limits;
  private readonly startLine: StartLine;
  private readonly section: FieldSection;
  private readonly refuse: Refuse;
  private inFields = false;
  private start = -1;
  private maxBytes = 0;

  constructor(limits: Http1Limits, startLine: StartLine, refuse: Refuse) {
    this.limits = limits;
    this.startLine = startLine;
    this.section = new FieldSection(limits.maxFields, refuse);
    this.refuse = refuse;
  }

  /** The fields of a head that is complete; the caller's to keep. */
  takeFields(): Fields {
    return this.section.takeFields();
  }

  /** A new head of at most `maxBytes` starts. */
  begin(maxBytes: number): void {
    this.startLine.begin();
    this.inFields = false;
    this.start = -1;
    this.maxBytes = maxBytes;
  }

  scan(bytes: Uint8Array, at: number, end: number): number {
    if (this.start < 0) this.start = at;
    if (!this.inFields) {
      const { maxStartLineBytes } = this.limits;
      const cap = this.start + maxStartLineBytes;
      const behind = this.startLine.scan(bytes, at, Math.min(end, cap));
      if (behind < 0) {
        if (end < cap) return -1;
        throw this.refuse("uri-too-long", `A start line above ${maxStartLineBytes} bytes`);
      }
      this.section.begin(this.maxBytes, this.start);
      this.inFields = true;
      at = behind;
    }
    const behind = this.section.scan(bytes, at, end);
    if (behind >= 0) this.length = behind - this.start;
    return behind;
  }

  rebase(by: number): void {
    this.start -= by;
    if (this.inFields) this.section.rebase(by);
    this.startLine.rebase(by);
  }
}
