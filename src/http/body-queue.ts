import { copyBytes } from "../core/bytes.ts";

/** Pieces below this are put together: alone, a piece of one byte takes a hundred. */
const SMALL = 1024;
const TOGETHER = 4096;
/** What a read event may bring is up to half a megabyte. */
const LARGE = 64 * 1024;

const NOTHING = new Uint8Array(0);

/**
 * Pieces of a body that wait, in their order. They take little more than their bytes, however small
 * they are and whatever read event's array they came in: who sends a body decides both, and a
 * window or a watermark counts bytes only.
 */
export class BodyQueue {
  private readonly pieces: Uint8Array[] = [];
  /** Small pieces behind those: `tail[0, tailLength)`. */
  private tail: Uint8Array = NOTHING;
  private tailLength = 0;

  /** Keeps `bytes[start, end)`. The array must not change later. */
  push(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (length >= SMALL) {
      this.endTail();
      this.pieces.push(bytes.subarray(start, end));
      return;
    }
    if (this.tailLength + length > this.tail.length) {
      this.endTail();
      this.tail = new Uint8Array(TOGETHER);
    }
    this.tailLength = copyBytes(this.tail, this.tailLength, bytes, start, end);
  }

  shift(): Uint8Array | undefined {
    if (this.pieces.length === 0) this.endTail();
    return this.pieces.shift();
  }

  /** Nothing is added to what has been handed out. */
  private endTail(): void {
    if (this.tailLength > 0) this.pieces.push(this.tail.subarray(0, this.tailLength));
    this.tail = NOTHING;
    this.tailLength = 0;
  }
}

/** A piece of that length would keep an array in memory that is much larger. */
export function holdsMuch(bytes: Uint8Array, length: number): boolean {
  return length < SMALL && bytes.length >= LARGE;
}
