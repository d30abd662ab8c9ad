import { copyBytes, LARGE_ARRAY } from "../../core/bytes.ts";

/** A resumable scanner of one section of a message: a head, or a trailer section. */
export interface SectionScanner {
  /**
   * Scans on from `at`. Returns the offset behind the section, or -1 where `end` came first: then
   * everything up to `end` has been looked at, and the next call goes on there.
   */
  scan(bytes: Uint8Array, at: number, end: number): number;
  /** The section moved: all offsets kept so far are `by` less. */
  rebase(by: number): void;
}

const NONE = new Uint8Array(0);
/** The smallest array that is made for a section in pieces. */
const SMALLEST = 1024;
/** How much of a chunk is added at a time: what follows the section would be copied for nothing. */
const PIECE = 4096;

/**
 * Runs a scanner over chunks. A section that is whole in its chunk is scanned in place and nothing
 * is copied, unless the chunk is large and would be kept for the section's sake. Otherwise what there is moves to an array of its own and the scanner goes on there:
 * every byte is scanned once and copied a bounded number of times.
 */
export class SectionReader {
  private bytes: Uint8Array = NONE;
  private readonly scanner: SectionScanner;
  private gathered = 0;

  constructor(scanner: SectionScanner) {
    this.scanner = scanner;
  }

  /**
   * Returns the offset in `chunk` behind the section that starts there, or -1 where it isn't whole:
   * nothing is kept of it then.
   */
  readWhole(chunk: Uint8Array, start: number, end: number): number {
    const behind = this.scanner.scan(chunk, start, end);
    if (behind < 0) return -1;
    if (chunk.length < LARGE_ARRAY) {
      this.bytes = chunk;
    } else {
      this.bytes = chunk.slice(start, behind);
      this.scanner.rebase(start);
    }
    return behind;
  }

  /** Returns the offset in `chunk` behind the section, or -1 where all of the chunk belongs to it. */
  read(chunk: Uint8Array, start: number, end: number): number {
    if (this.gathered === 0) {
      const behind = this.readWhole(chunk, start, end);
      if (behind >= 0) return behind;
      this.bytes = new Uint8Array(Math.max(SMALLEST, (end - start) * 2));
      this.gathered = copyBytes(this.bytes, 0, chunk, start, end);
      this.scanner.rebase(start);
      return -1;
    }
    while (start < end) {
      const from = this.gathered;
      const piece = Math.min(end, start + PIECE);
      this.append(chunk, start, piece);
      const behind = this.scanner.scan(this.bytes, from, this.gathered);
      if (behind >= 0) {
        this.gathered = 0;
        return start + behind - from;
      }
      start = piece;
    }
    return -1;
  }

  /** After `read` found the section's end: the bytes that the scanner's offsets point into. Forgets them. */
  take(): Uint8Array {
    const { bytes } = this;
    this.bytes = NONE;
    return bytes;
  }

  private append(chunk: Uint8Array, start: number, end: number): void {
    const length = this.gathered + end - start;
    if (length > this.bytes.length) {
      const larger = new Uint8Array(length * 2);
      copyBytes(larger, 0, this.bytes, 0, this.gathered);
      this.bytes = larger;
    }
    this.gathered = copyBytes(this.bytes, this.gathered, chunk, start, end);
  }
}
