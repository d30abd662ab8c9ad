import { concatBytes } from "./bytes.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);
/** Where small chunks are put together. */
const BLOCK = 8 * 1024;

/**
 * Bytes that wait, in order. Small chunks are put together: kept each on its own, those of a peer
 * who sends byte by byte would take many times the memory, and a system call each to go out.
 */
export class ByteQueue {
  /** All bytes that wait. */
  length = 0;
  private readonly chunks: Uint8Array[] = [];
  /** Whose bytes the last chunk may be; others have the arrays that they came in. */
  private block = NO_BYTES;

  /** Takes a chunk, which is the queue's from now on. */
  push(chunk: Uint8Array): void {
    this.length += chunk.length;
    const { chunks } = this;
    if (chunks.length > 0 && this.append(chunks[chunks.length - 1], chunk)) return;
    chunks.push(chunk);
  }

  /** Those that go first. There must be some. */
  get first(): Uint8Array {
    return this.chunks[0];
  }

  /** So many of the first ones wait no more. */
  drop(count: number): void {
    const { chunks } = this;
    this.length -= count;
    if (count < chunks[0].length) {
      chunks[0] = chunks[0].subarray(count);
      return;
    }
    chunks.shift();
    if (chunks.length === 0) this.block = NO_BYTES;
  }

  /** All of them as one array; the queue is empty then. */
  take(): Uint8Array {
    const chunks = this.chunks.splice(0);
    this.length = 0;
    this.block = NO_BYTES;
    return chunks.length === 1 ? chunks[0] : concatBytes(chunks);
  }

  /** Puts a chunk behind the last one where they are small. False where they aren't. */
  private append(last: Uint8Array, chunk: Uint8Array): boolean {
    let start = last.byteOffset;
    if (last.buffer !== this.block.buffer || start + last.length + chunk.length > BLOCK) {
      // Half a block at most, so that what is copied now isn't again for the next chunk.
      if (last.length + chunk.length > BLOCK / 2) return false;
      this.block = new Uint8Array(BLOCK);
      this.block.set(last);
      start = 0;
    }
    const end = start + last.length;
    this.block.set(chunk, end);
    this.chunks[this.chunks.length - 1] = this.block.subarray(start, end + chunk.length);
    return true;
  }
}
