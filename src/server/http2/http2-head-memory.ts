/**
 * The heads and trailers of open streams may take so much, or so many times the limit of one where
 * that is more. Compressed they cost a client next to nothing: references to its table make 250 MB
 * of 65 KB.
 */
const HEADS_BYTES = 4 * 1024 * 1024;
const LARGEST_HEADS = 4;

/** What the heads and trailers of a connection's open streams take together. */
export class Http2HeadMemory {
  private readonly limit: number;
  private bytes = 0;

  constructor(maxHeaderListBytes: number) {
    this.limit = Math.max(HEADS_BYTES, LARGEST_HEADS * maxHeaderListBytes);
  }

  /** False, and nothing taken, where it would be too much. */
  take(bytes: number): boolean {
    if (this.bytes + bytes > this.limit) return false;
    this.bytes += bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.bytes -= bytes;
  }
}
