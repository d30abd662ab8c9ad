import { LocalBuckets } from "./local-buckets.ts";
import { processClock } from "./process-clock.ts";
import type { TokenBuckets } from "./token-bucket.ts";

/** A number that only grows, or one that moves up and down. */
export interface Counter {
  /** Of all workers together. */
  readonly value: number;
  add(amount: number): void;
}

/** How many of something there are at a time, for each key: a client's connections, for example. */
export interface KeyedCounts {
  /** Adds one unless there are `limit` already; says whether it did. */
  raise(key: string, limit: number): boolean;
  /** Takes one off that `raise` added in this worker. */
  lower(key: string): void;
}

/** Numbers that an element lays out itself, all 0 in the beginning. */
export interface Cells {
  readonly numbers: Float64Array;
  /** Does something to them while no other worker does. */
  locked<T>(change: () => T): T;
}

/**
 * Numbers that hold for the whole process, whatever the number of its workers. They go by name, so
 * that an element finds its own again after a reload.
 */
export interface SharedCounters {
  counter(name: string): Counter;
  /** Counts by key; a key without any takes no room. */
  counts(name: string): KeyedCounts;
  /** Buckets by key; a full one takes no room. */
  buckets(name: string): TokenBuckets;
  /** So many numbers; those of one name and count are the same for all. */
  cells(name: string, count: number): Cells;
  /** Milliseconds that never go back, the same in all workers. */
  readonly clock: () => number;
  /** How many workers there are. */
  readonly workers: number;
}

/** The numbers of a process with one worker. */
export class LocalCounters implements SharedCounters {
  private readonly counters = new Map<string, Counter>();
  private readonly allCounts = new Map<string, KeyedCounts>();
  private readonly allBuckets = new Map<string, TokenBuckets>();
  private readonly allCells = new Map<string, Cells>();
  readonly clock: () => number;
  readonly workers = 1;

  constructor(clock = processClock) {
    this.clock = clock;
  }

  counter(name: string): Counter {
    let counter = this.counters.get(name);
    if (counter === undefined) {
      counter = new LocalCounter();
      this.counters.set(name, counter);
    }
    return counter;
  }

  counts(name: string): KeyedCounts {
    let counts = this.allCounts.get(name);
    if (counts === undefined) {
      counts = new LocalCounts();
      this.allCounts.set(name, counts);
    }
    return counts;
  }

  buckets(name: string): TokenBuckets {
    let buckets = this.allBuckets.get(name);
    if (buckets === undefined) {
      buckets = new LocalBuckets(this.clock);
      this.allBuckets.set(name, buckets);
    }
    return buckets;
  }

  cells(name: string, count: number): Cells {
    const key = `${name}\n${count}`;
    let cells = this.allCells.get(key);
    if (cells === undefined) {
      cells = { numbers: new Float64Array(count), locked: (change) => change() };
      this.allCells.set(key, cells);
    }
    return cells;
  }
}

class LocalCounter implements Counter {
  value = 0;

  add(amount: number): void {
    this.value += amount;
  }
}

class LocalCounts implements KeyedCounts {
  private readonly byKey = new Map<string, number>();

  raise(key: string, limit: number): boolean {
    const count = this.byKey.get(key) ?? 0;
    if (count >= limit) return false;
    this.byKey.set(key, count + 1);
    return true;
  }

  lower(key: string): void {
    const left = (this.byKey.get(key) ?? 0) - 1;
    if (left > 0) this.byKey.set(key, left);
    else this.byKey.delete(key);
  }
}
