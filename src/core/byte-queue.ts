import { concatBytes, copyBytes } from "./bytes.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);
/** Pieces below this are put together: alone, a piece of one byte takes a hundred. */
const SMALL = 1024;
/** A piece that is a smaller part of its array than this is copied, so that it keeps no large array alive. */
const PART = 4;
/** Unless it is so many times larger than small ones: then other pieces of the array wait as well. */
const MUCH = 8;
/** Unless it is the only one, and the array no larger than this. */
const LONE_ARRAY = 16 * 1024;
/** What small pieces are put together in, at least and at most. */
const FIRST_BLOCK = 2 * 1024;
const LAST_BLOCK = 64 * 1024;
/** Shifted pieces that stay in the list before it is moved. */
const SHIFTED = 32;

/**
 * Bytes that wait, in their order. They take little more than their number, however small the pieces
 * are and whatever read event's array they came in: the sender decides both, and a window or a
 * watermark counts bytes only. A byte is copied once at the most on its way through, whatever the
 * sizes of the pieces; `take` copies once more where there are several.
 */
export class ByteQueue {
  /** All bytes that wait. */
  length = 0;
  private readonly small: number;
  /** Pieces in front of the block's; those below `head` are gone. */
  private pieces: Uint8Array[] = [];
  private head = 0;
  /** Small pieces behind those: `block[blockStart, blockEnd)`. What is in front of that was handed out. */
  private block = NO_BYTES;
  private blockStart = 0;
  private blockEnd = 0;

  /** Pieces below `small` bytes are put together. */
  constructor(small = SMALL) {
    this.small = small;
  }

  /** Keeps `bytes[start, end)`. The array must not change later. */
  push(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const length = end - start;
    if (length === 0) return;
    if (this.isCopied(length, bytes.buffer.byteLength)) {
      this.pushCopy(bytes, start, end);
      return;
    }
    this.endPiece();
    this.length += length;
    this.pieces.push(length === bytes.length ? bytes : bytes.subarray(start, end));
  }

  /** Keeps a copy of `bytes[start, end)`. */
  pushCopy(bytes: Uint8Array, start = 0, end = bytes.length): void {
    const length = end - start;
    if (length >= this.small) {
      this.endPiece();
      this.length += length;
      this.pieces.push(bytes.slice(start, end));
      return;
    }
    this.length += length;
    if (this.blockEnd + length > this.block.length) {
      this.endPiece();
      // No larger than what waits then, so that half of it at the most is empty.
      const size = Math.min(Math.max(FIRST_BLOCK, this.length), LAST_BLOCK);
      this.block = new Uint8Array(Math.max(size, length));
      this.blockStart = 0;
      this.blockEnd = 0;
    }
    this.blockEnd = copyBytes(this.block, this.blockEnd, bytes, start, end);
  }

  /** The piece that goes first. There must be one. It doesn't change any more, whatever is pushed. */
  get first(): Uint8Array {
    if (this.head === this.pieces.length) this.endPiece();
    return this.pieces[this.head];
  }

  /** So many of the first piece's bytes wait no more. */
  drop(count: number): void {
    const { first } = this;
    if (count === first.length) {
      this.shift();
    } else {
      this.length -= count;
      this.pieces[this.head] = first.subarray(count);
    }
  }

  /** The first piece, which waits no more; undefined where none waits. */
  shift(): Uint8Array | undefined {
    if (this.length === 0) return undefined;
    const { first, pieces } = this;
    this.length -= first.length;
    pieces[this.head++] = NO_BYTES;
    if (this.length === 0) {
      this.clear();
    } else if (this.head >= SHIFTED && this.head * 2 >= pieces.length) {
      this.pieces = pieces.slice(this.head);
      this.head = 0;
    }
    return first;
  }

  /** All of them as one array; the queue is empty then. */
  take(): Uint8Array {
    this.endPiece();
    const { pieces, head } = this;
    const all =
      pieces.length - head === 1
        ? pieces[head]
        : concatBytes(head > 0 ? pieces.slice(head) : pieces);
    this.clear();
    return all;
  }

  /** Nothing waits any more. */
  clear(): void {
    this.length = 0;
    this.pieces = [];
    this.head = 0;
    this.block = NO_BYTES;
    this.blockStart = 0;
    this.blockEnd = 0;
  }

  /** True where a piece of that length is better copied than left in an array of that size. */
  private isCopied(length: number, array: number): boolean {
    // A piece that comes first has none to be put together with, and nearly always stays alone.
    if (this.length === 0 && array <= LONE_ARRAY) return false;
    if (this.length > 0 && length < this.small) return true;
    return length < MUCH * this.small && length * PART < array;
  }

  /** What is in the block is a piece of its own; others may follow behind it. */
  private endPiece(): void {
    const { blockStart, blockEnd } = this;
    if (blockEnd === blockStart) return;
    this.pieces.push(this.block.subarray(blockStart, blockEnd));
    this.blockStart = blockEnd;
  }
}
