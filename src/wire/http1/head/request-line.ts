import { latin1 } from "../../../core/bytes.ts";
import { CR, LF, SP, skip, TARGET, TARGET_OR_OBS_TEXT, TOKEN } from "../octets.ts";
import { refuseRequest, showOctet, showOctets } from "../protocol-error.ts";
import type { SectionScanner } from "../section-reader.ts";
import { spells } from "../spells.ts";

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
 * nothing but HTTP/1.0 and HTTP/1.1 (other versions are 505, HTTP/1.2 too: no client speaks it).
 *
 * One empty line in front is skipped, as section 2.2 asks for the sake of clients that send one
 * behind a body; a second one is refused.
 */
export class RequestLine implements SectionScanner {
  minor = 1;
  methodStart = 0;
  methodEnd = 0;
  targetEnd = 0;
  /** The target has octets of other text than ASCII (see obs-text.ts). */
  obsText = false;
  private state: number = State.start;

  begin(): void {
    this.state = State.start;
    this.obsText = false;
  }

  get targetStart(): number {
    return this.methodEnd + 1;
  }

  scan(bytes: Uint8Array, at: number, end: number): number {
    // One state leads to the next: ifs in a row, where a switch in a loop would dispatch each.
    let { state } = this;
    if (state === State.start && at < end) {
      this.methodStart = at;
      state = State.method;
      if (bytes[at] === CR) {
        at++;
        state = State.emptyLine;
      }
    }
    if (state === State.emptyLine && at < end) {
      if (bytes[at] !== LF) throw bad(bytes[at], "in front of a request, behind a CR");
      this.methodStart = ++at;
      state = State.method;
    }
    if (state === State.method) {
      while (at < end && TOKEN[bytes[at]] === 1) at++;
      if (at < end) {
        if (bytes[at] !== SP || at === this.methodStart) throw bad(bytes[at], "in a method");
        this.methodEnd = at++;
        state = State.target;
      }
    }
    if (state === State.target) {
      at = skip(TARGET, bytes, at, end);
      if (at < end && bytes[at] >= 0x80) {
        this.obsText = true;
        at = skip(TARGET_OR_OBS_TEXT, bytes, at, end);
      }
      if (at < end) {
        if (bytes[at] !== SP || at === this.targetStart) throw bad(bytes[at], "in a target");
        this.targetEnd = at++;
        state = State.version;
      }
    }
    if (state === State.version) {
      const start = this.targetEnd + 1;
      at = skip(TARGET, bytes, at, end);
      if (at - start > VERSION_BYTES) throw badVersion(bytes, start, start + VERSION_BYTES + 1);
      if (at < end) {
        if (bytes[at] !== CR) throw bad(bytes[at], "in a version");
        this.minor = minorVersion(bytes, start, at++);
        state = State.lineEnd;
      }
    }
    if (state === State.lineEnd && at < end) {
      if (bytes[at] !== LF) throw bad(bytes[at], "in a request line, behind its CR");
      return at + 1;
    }
    this.state = state;
    return -1;
  }

  rebase(by: number): void {
    this.methodStart -= by;
    this.methodEnd -= by;
    this.targetEnd -= by;
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
