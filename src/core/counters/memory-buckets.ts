import { nameHash } from "./name-hash.ts";
import { type BucketLimit, type TokenBuckets, takeToken } from "./token-bucket.ts";
import { WordLocks } from "./word-locks.ts";

/** Places that a key may be in: those of its row. */
const PLACES = 16;
const ROWS = 8192;
/** A row's words: its lock and one that fills up, and two of the hash for each place; 0 and 0 for a free one. */
const ROW_WORDS = 2 + PLACES * 2;
const BASE_BYTES = 8;

/**
 * Buckets in memory that several workers share. Where a row is full, the bucket that lacks least
 * makes room: its key may take again what that was, and all others are right.
 */
export class MemoryBuckets {
  /** Bytes that it takes, a multiple of 8. */
  static readonly BYTES = BASE_BYTES + ROWS * (ROW_WORDS * 4 + PLACES * 8);
  private readonly words: Int32Array;
  private readonly times: Float64Array;
  private readonly base: number;
  private readonly locks: WordLocks;
  private readonly clock: () => number;

  /** Makes the memory ready. To be called once, before any worker uses it. */
  static prepare(memory: SharedArrayBuffer, offset: number, clock: () => number): void {
    new Float64Array(memory, offset, 1)[0] = clock();
  }

  /** `clock`: milliseconds, the same in all workers. */
  constructor(memory: SharedArrayBuffer, offset: number, worker: number, clock: () => number) {
    // Small numbers are more exact than those since 1970.
    this.base = new Float64Array(memory, offset, 1)[0];
    this.times = new Float64Array(memory, offset + BASE_BYTES, ROWS * PLACES);
    this.words = new Int32Array(memory, offset + BASE_BYTES + ROWS * PLACES * 8, ROWS * ROW_WORDS);
    this.locks = new WordLocks(this.words, worker);
    this.clock = clock;
  }

  named(name: string): TokenBuckets {
    return { take: (key, limit) => this.take(`${name}\n${key}`, limit) };
  }

  /** A worker is dead. */
  forget(worker: number): void {
    for (let row = 0; row < ROWS; row++) this.locks.release(row * ROW_WORDS, worker);
  }

  private take(key: string, limit: BucketLimit): number {
    const [low, high] = nameHash(key);
    const row = (low >>> 0) % ROWS;
    const lock = row * ROW_WORDS;
    const now = Math.max(0, this.clock() - this.base);
    return this.locks.locked(lock, () => {
      const place = this.place(lock + 2, row * PLACES, low, high);
      const words = lock + 2 + place * 2;
      const time = row * PLACES + place;
      const known = this.words[words] === low && this.words[words + 1] === high;
      const { wait, fullAt } = takeToken(known ? this.times[time] : 0, now, limit);
      if (fullAt !== undefined) {
        this.words[words] = low;
        this.words[words + 1] = high;
        this.times[time] = fullAt;
      }
      return wait;
    });
  }

  /** Where the key is, or the place that it gets: a free one has the time 0. */
  private place(words: number, times: number, low: number, high: number): number {
    let best = 0;
    for (let i = 0; i < PLACES; i++) {
      const at = words + i * 2;
      if (this.words[at] === low && this.words[at + 1] === high) return i;
      if (this.times[times + i] < this.times[times + best]) best = i;
    }
    return best;
  }
}
