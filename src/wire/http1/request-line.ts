import { latin1 } from "../../core/bytes.ts";
import { CR, LF, SP, TARGET, TOKEN } from "./octets.ts";
import { refuseRequest, showOctet, showOctets } from "./protocol-error.ts";
import type { SectionScanner } from "./section-reader.ts";
import { spells } from "./spells.ts";

const State = {
  start: 0,
  /** Behind the CR of an empty line. */
  emptyLine: 1,
  method: 2,
  target: 3,
  version: 4,
  /** Behind the CR. */
  lineEnd: 5,
} as const;

/** The version's length, "HTTP/1.1". */
const VERSION_BYTES = 8;

/**
 * Scans `method SP request-target SP HTTP-version CRLF` (RFC 9112 section 3): single spaces, and
 * nothing but HTTP/1.0 and HTTP/1.1 (other versions are 505, HTTP/1.2 too: nobody speaks it).
 *
 * One empty line in front is skipped, as section 2.2 asks for the sake of clients that send one
 * behind a body; a second one is refused.
 */
export class RequestLine implements SectionScanner {
  minor = 1;
  methodStart = 0;
  methodEnd = 0;
  targetEnd = 0;
  private versionStart = 0;
  private state: number = State.start;

  begin(): void {
    this.state = State.start;
  }

  get targetStart(): number {
    return this.methodEnd + 1;
  }

  scan(bytes: Uint8Array, at: number, end: number): number {
    while (at < end) {
      switch (this.state) {
        case State.start:
          if (bytes[at] === CR) {
            at++;
            this.state = State.emptyLine;
          } else {
            this.methodStart = at;
            this.state = State.method;
          }
          break;
        case State.emptyLine:
          if (bytes[at] !== LF) throw bad(bytes[at], "in front of a request, behind a CR");
          this.methodStart = ++at;
          this.state = State.method;
          break;
        case State.method:
          while (at < end && TOKEN[bytes[at]] === 1) at++;
          if (at === end) break;
          if (bytes[at] !== SP || at === this.methodStart) {
            throw bad(bytes[at], "in a request's method");
          }
          this.methodEnd = at++;
          this.state = State.target;
          break;
        case State.target:
          while (at < end && TARGET[bytes[at]] === 1) at++;
          if (at === end) break;
          if (bytes[at] !== SP || at === this.targetStart) {
            throw bad(bytes[at], "in a request's target");
          }
          this.targetEnd = at++;
          this.versionStart = at;
          this.state = State.version;
          break;
        case State.version:
          while (at < end && TARGET[bytes[at]] === 1) at++;
          if (at - this.versionStart > VERSION_BYTES) {
            throw badVersion(bytes, this.versionStart, this.versionStart + VERSION_BYTES + 1);
          }
          if (at === end) break;
          if (bytes[at] !== CR) throw bad(bytes[at], "in a request's version");
          this.minor = minorVersion(bytes, this.versionStart, at++);
          this.state = State.lineEnd;
          break;
        default:
          if (bytes[at] !== LF) throw bad(bytes[at], "in a request line, behind its CR");
          return at + 1;
      }
    }
    return -1;
  }

  rebase(by: number): void {
    this.methodStart -= by;
    this.methodEnd -= by;
    this.targetEnd -= by;
    this.versionStart -= by;
  }
}

function minorVersion(bytes: Uint8Array, start: number, end: number): number {
  if (spells(bytes, start, end, "HTTP/1.1")) return 1;
  if (spells(bytes, start, end, "HTTP/1.0")) return 0;
  throw badVersion(bytes, start, end);
}

function badVersion(bytes: Uint8Array, start: number, end: number): Error {
  const found = latin1(bytes, start, end);
  const isVersion = /^HTTP\/[0-9]\.[0-9]$/.test(found);
  return refuseRequest(
    isVersion ? "version-not-supported" : "bad-request",
    `A request's version is ${showOctets(bytes, start, end)}, expected HTTP/1.1 or HTTP/1.0`,
  );
}

function bad(octet: number, where: string): Error {
  return refuseRequest("bad-request", `Octet ${showOctet(octet)} ${where}`);
}
