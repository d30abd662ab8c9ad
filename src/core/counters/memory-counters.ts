import type { Counter, KeyedCounts, SharedCounters } from "./counters.ts";

/** Slots that a key may be in: those of its bucket. */
const SLOTS = 16;
const BUCKETS = 4096;
/** Names of counters that there is room for. */
const COUNTERS = 1024;
/** Looks at what another worker is about to give before this one sleeps: it is a few instructions away. */
const SPINS = 1000;
/** Sleeps of a millisecond, as the other worker may wait for a processor; then it counts as dead. */
const SLEEPS = 1000;
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
  readonly bytes: number;

  constructor(workers: number) {
    this.workers = workers;
    this.slot = HASH_WORDS + workers;
    // The lock, then the slots.
    this.bucket = 1 + SLOTS * this.slot;
    this.names = BUCKETS * this.bucket;
    const sums = this.names + COUNTERS * HASH_WORDS;
    this.sums = (sums + 1) >> 1;
    this.bytes = (this.sums + COUNTERS * workers) * 8;
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

  /** Memory for so many workers, for all of them. */
  static allocate(workers: number): SharedArrayBuffer {
    return new SharedArrayBuffer(new Layout(workers).bytes);
  }

  /** `worker`: which of the `workers` this one is, from 0; `workers` for one that only forgets. */
  constructor(memory: SharedArrayBuffer, worker: number, workers: number) {
    this.layout = new Layout(workers);
    this.words = new Int32Array(memory, 0, this.layout.sums * 2);
    this.sums = new BigInt64Array(memory);
    this.worker = worker;
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
      raise: (key, limit) => this.raise(hash(`${name}\n${key}`), limit),
      lower: (key) => this.lower(hash(`${name}\n${key}`)),
    };
  }

  /** A worker is dead: what it had raised and not lowered is gone. */
  forget(worker: number): void {
    const { bucket, slot } = this.layout;
    for (let i = 0; i < BUCKETS; i++) {
      // It may have died with the lock in its hands.
      Atomics.compareExchange(this.words, i * bucket, worker + 1, 0);
      this.locked(i * bucket, (start) => {
        for (let at = start; at < start + SLOTS * slot; at += slot) {
          this.words[at + HASH_WORDS + worker] = 0;
          this.freeIfEmpty(at);
        }
      });
    }
  }

  private raise([low, high]: Hash, limit: number): boolean {
    return this.locked(this.bucketOf(low), (start) => {
      const at = this.find(start, low, high) ?? this.find(start, 0, 0);
      if (at === undefined || this.total(at) >= limit) return false;
      this.words[at] = low;
      this.words[at + 1] = high;
      this.words[at + HASH_WORDS + this.worker]++;
      return true;
    });
  }

  private lower([low, high]: Hash): void {
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

  /**
   * Does something to a bucket's slots while no other worker does. `lock` is the place of its lock:
   * 0, or the number of the worker that has it, from 1.
   */
  private locked<T>(lock: number, change: (start: number) => T): T {
    const { words } = this;
    const own = this.worker + 1;
    const taken = this.attempt(lock, () => Atomics.compareExchange(words, lock, 0, own) === 0);
    if (!taken) Atomics.store(words, lock, own);
    try {
      return change(lock + 1);
    } finally {
      // Not where another worker took this one for dead.
      Atomics.compareExchange(words, lock, own, 0);
    }
  }

  /** Tries again and again, with patience for a worker that waits for a processor; says whether it worked. */
  private attempt(at: number, works: () => boolean): boolean {
    for (let i = 0; i < SPINS; i++) if (works()) return true;
    for (let i = 0; i < SLEEPS; i++) {
      // Nothing wakes it: it sleeps its millisecond, or not at all where the word has changed.
      Atomics.wait(this.words, at, Atomics.load(this.words, at), 1);
      if (works()) return true;
    }
    return false;
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
    const [low, high] = hash(name);
    const { names } = this.layout;
    for (let i = 0; i < COUNTERS; i++) {
      const place = ((low >>> 0) + i) % COUNTERS;
      const at = names + place * HASH_WORDS;
      // The second half is written by the worker that won the first: wait for it.
      const before = Atomics.compareExchange(this.words, at, 0, low);
      if (before === 0) Atomics.store(this.words, at + 1, high);
      if (before !== 0 && before !== low) continue;
      this.attempt(at + 1, () => Atomics.load(this.words, at + 1) !== 0);
      if (Atomics.load(this.words, at + 1) === high) return place;
    }
    throw new RangeError(`more than ${COUNTERS} counters`);
  }
}

type Hash = readonly [low: number, high: number];

/** Two different 32-bit FNV-1a hashes of a text; neither is 0. */
function hash(text: string): Hash {
  let low = 0x811c9dc5;
  let high = 0x2f0b4c47;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ code, 0x5bd1e995) + (high >>> 15);
  }
  return [low | 0 || 1, high | 0 || 1];
}
