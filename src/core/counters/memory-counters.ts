import type { Cells, Counter, KeyedCounts, SharedCounters } from "./counters.ts";
import { MemoryBuckets } from "./memory-buckets.ts";
import { MemoryCells } from "./memory-cells.ts";
import { type NameHash, nameHash } from "./name-hash.ts";
import { processClock } from "./process-clock.ts";
import type { TokenBuckets } from "./token-bucket.ts";
import { WordLocks } from "./word-locks.ts";

/** Slots that a key may be in: those of its bucket. */
const SLOTS = 16;
const BUCKETS = 4096;
/** Names of counters that there is room for. */
const COUNTERS = 1024;
/** A key's hash: two words, 0 and 0 for a free slot. */
const HASH_WORDS = 2;

/** Where the parts of the memory are, in 32-bit words. */
class Layout {
  readonly workers: number;
  /** Words of a slot: the hash, and a number for each worker. */
  readonly slot: number;
  readonly bucket: number;
  readonly names: number;
  /** In 64-bit words. */
  readonly sums: number;
  /** In bytes. */
  readonly tokens: number;
  readonly cells: number;
  readonly bytes: number;

  constructor(workers: number) {
    this.workers = workers;
    this.slot = HASH_WORDS + workers;
    // The lock, then the slots.
    this.bucket = 1 + SLOTS * this.slot;
    this.names = BUCKETS * this.bucket;
    const sums = this.names + COUNTERS * HASH_WORDS;
    this.sums = (sums + 1) >> 1;
    this.tokens = (this.sums + COUNTERS * workers) * 8;
    this.cells = this.tokens + MemoryBuckets.BYTES;
    this.bytes = this.cells + MemoryCells.BYTES;
  }
}

/**
 * The numbers of a process with several workers, in memory that they share. Each worker adds to
 * numbers of its own, and readers sum up, so that what a worker held goes with it (`forget`).
 * Keys are known by 64 bits of their hash. A key that finds no room counts as being at its limit.
 */
export class MemoryCounters implements SharedCounters {
  private readonly words: Int32Array;
  private readonly sums: BigInt64Array;
  private readonly layout: Layout;
  private readonly worker: number;
  private readonly locks: WordLocks;
  private readonly tokens: MemoryBuckets;
  private readonly cellMemory: MemoryCells;
  readonly clock: () => number;

  /** Memory for so many workers, for all of them. */
  static allocate(workers: number, clock = processClock): SharedArrayBuffer {
    const layout = new Layout(workers);
    const memory = new SharedArrayBuffer(layout.bytes);
    MemoryBuckets.prepare(memory, layout.tokens, clock);
    return memory;
  }

  /**
   * `worker`: which of the `workers` this one is, from 0; `workers` for one that only forgets. `clock`:
   * milliseconds, the same in all of them.
   */
  constructor(memory: SharedArrayBuffer, worker: number, workers: number, clock = processClock) {
    this.layout = new Layout(workers);
    this.words = new Int32Array(memory, 0, this.layout.sums * 2);
    this.sums = new BigInt64Array(memory, 0, this.layout.sums + COUNTERS * workers);
    this.worker = worker;
    this.locks = new WordLocks(this.words, worker);
    this.clock = clock;
    this.tokens = new MemoryBuckets(memory, this.layout.tokens, worker, clock);
    this.cellMemory = new MemoryCells(memory, this.layout.cells, worker);
  }

  get workers(): number {
    return this.layout.workers;
  }

  /** Throws a RangeError where there are too many names. */
  counter(name: string): Counter {
    const { sums, worker } = this;
    const { workers } = this.layout;
    const first = this.layout.sums + this.place(name) * workers;
    return {
      add: (amount) => void Atomics.add(sums, first + worker, BigInt(amount)),
      get value() {
        let sum = 0n;
        for (let i = 0; i < workers; i++) sum += Atomics.load(sums, first + i);
        return Number(sum);
      },
    };
  }

  counts(name: string): KeyedCounts {
    return {
      raise: (key, limit) => this.raise(nameHash(`${name}\n${key}`), limit),
      lower: (key) => this.lower(nameHash(`${name}\n${key}`)),
    };
  }

  buckets(name: string): TokenBuckets {
    return this.tokens.named(name);
  }

  /** Throws a RangeError where there is no room for so many. */
  cells(name: string, count: number): Cells {
    return this.cellMemory.named(name, count);
  }

  /** A worker is dead: what it had raised and not lowered is gone. */
  forget(worker: number): void {
    const { bucket, slot } = this.layout;
    for (let i = 0; i < BUCKETS; i++) {
      this.locks.release(i * bucket, worker);
      this.locked(i * bucket, (start) => {
        for (let at = start; at < start + SLOTS * slot; at += slot) {
          this.words[at + HASH_WORDS + worker] = 0;
          this.freeIfEmpty(at);
        }
      });
    }
    this.tokens.forget(worker);
    this.cellMemory.forget(worker);
  }

  private raise([low, high]: NameHash, limit: number): boolean {
    return this.locked(this.bucketOf(low), (start) => {
      const at = this.find(start, low, high) ?? this.find(start, 0, 0);
      if (at === undefined || this.total(at) >= limit) return false;
      this.words[at] = low;
      this.words[at + 1] = high;
      this.words[at + HASH_WORDS + this.worker]++;
      return true;
    });
  }

  private lower([low, high]: NameHash): void {
    this.locked(this.bucketOf(low), (start) => {
      const at = this.find(start, low, high);
      if (at === undefined) return;
      const own = at + HASH_WORDS + this.worker;
      if (this.words[own] > 0) this.words[own]--;
      this.freeIfEmpty(at);
    });
  }

  private bucketOf(low: number): number {
    return ((low >>> 0) % BUCKETS) * this.layout.bucket;
  }

  /** Does something to a bucket's slots while no other worker does; `lock` is the place of its lock. */
  private locked<T>(lock: number, change: (start: number) => T): T {
    return this.locks.locked(lock, () => change(lock + 1));
  }

  private find(start: number, low: number, high: number): number | undefined {
    const { slot } = this.layout;
    for (let at = start; at < start + SLOTS * slot; at += slot) {
      if (this.words[at] === low && this.words[at + 1] === high) return at;
    }
    return undefined;
  }

  private total(at: number): number {
    let total = 0;
    for (let i = 0; i < this.layout.workers; i++) total += this.words[at + HASH_WORDS + i];
    return total;
  }

  private freeIfEmpty(at: number): void {
    if (this.total(at) > 0) return;
    this.words[at] = 0;
    this.words[at + 1] = 0;
  }

  /** The number that all workers have for a counter's name. */
  private place(name: string): number {
    const [low, high] = nameHash(name);
    const { names } = this.layout;
    for (let i = 0; i < COUNTERS; i++) {
      const place = ((low >>> 0) + i) % COUNTERS;
      const at = names + place * HASH_WORDS;
      // The second half is written by the worker that won the first: wait for it.
      const before = Atomics.compareExchange(this.words, at, 0, low);
      if (before === 0) Atomics.store(this.words, at + 1, high);
      if (before !== 0 && before !== low) continue;
      this.locks.attempt(at + 1, () => Atomics.load(this.words, at + 1) !== 0);
      if (Atomics.load(this.words, at + 1) === high) return place;
    }
    throw new RangeError(`more than ${COUNTERS} counters`);
  }
}
