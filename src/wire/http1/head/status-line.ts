import { CR, LF, NINE, SP, skip, VALUE, ZERO } from "../octets.ts";
import { refuseResponse, showOctet, showOctets } from "../protocol-error.ts";
import type { SectionScanner } from "../section-reader.ts";

const State = {
  /** In the version and status, whose lengths are fixed. */
  start: 0,
  /** Behind the status. */
  statusEnd: 1,
  reason: 2,
  /** Behind the CR. */
  lineEnd: 3,
} as const;

const VERSION = "HTTP/1.";
const MINOR_AT = VERSION.length;
const STATUS_AT = MINOR_AT + 2;
const STATUS_END = STATUS_AT + 3;
const ONE = ZERO + 1;

/**
 * Scans `HTTP-version SP status-code SP [ reason-phrase ] CRLF` (RFC 9112 section 4): HTTP/1.0 or
 * HTTP/1.1, a status of 100 to 999, as Go takes them. The space in front of a missing reason may be missing too: a
 * good many servers send it so, and it can't be read in two ways.
 */
export class StatusLine implements SectionScanner {
  minor = 1;
  status = 0;
  reasonStart = 0;
  reasonEnd = 0;
  private state: number = State.start;
  private scanned = 0;

  begin(): void {
    this.state = State.start;
    this.scanned = 0;
    this.status = 0;
  }

  scan(bytes: Uint8Array, at: number, end: number): number {
    while (at < end) {
      switch (this.state) {
        case State.start:
          if (!this.takesFixed(bytes[at], this.scanned)) throw this.badStart(bytes, at);
          at++;
          this.scanned++;
          if (this.scanned === STATUS_END) this.state = State.statusEnd;
          break;
        case State.statusEnd:
          if (bytes[at] !== SP && bytes[at] !== CR) throw bad(bytes[at], "behind a status");
          if (bytes[at] === SP) at++;
          this.reasonStart = at;
          this.state = State.reason;
          break;
        case State.reason:
          at = skip(VALUE, bytes, at, end);
          if (at === end) break;
          if (bytes[at] !== CR) throw bad(bytes[at], "in a reason phrase");
          this.reasonEnd = at++;
          this.state = State.lineEnd;
          break;
        default:
          if (bytes[at] !== LF) throw bad(bytes[at], "in a status line, behind its CR");
          return at + 1;
      }
    }
    return -1;
  }

  rebase(by: number): void {
    this.reasonStart -= by;
    this.reasonEnd -= by;
  }

  /** Takes the octet at `index` of the fixed part; false where it can't stand there. */
  private takesFixed(octet: number, index: number): boolean {
    if (index < MINOR_AT) return octet === VERSION.charCodeAt(index);
    switch (index) {
      case MINOR_AT:
        this.minor = octet - ZERO;
        return octet === ZERO || octet === ONE;
      case MINOR_AT + 1:
        return octet === SP;
      case STATUS_AT:
        this.status = octet - ZERO;
        return octet >= ONE && octet <= NINE;
      default:
        this.status = this.status * 10 + octet - ZERO;
        return octet >= ZERO && octet <= NINE;
    }
  }

  private badStart(bytes: Uint8Array, at: number): Error {
    const found = showOctets(bytes, at - this.scanned, at + 1);
    return refuseResponse(
      "bad-request",
      `A response starts with ${found}, expected HTTP/1.1 or HTTP/1.0 and a status of 100 to 999`,
    );
  }
}

function bad(octet: number, where: string): Error {
  return refuseResponse("bad-request", `Octet ${showOctet(octet)} ${where}`);
}
