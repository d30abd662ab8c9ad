import type { Cells, SharedCounters } from "../../../../core/counters/counters.ts";
import { nameHash } from "../../../../core/counters/name-hash.ts";

/** The last ones are there to be read; a worker that missed some forgets all. */
const ROOM = 4096;
/** Stands for every URL; no hash is 0. */
const ALL = 0;

/**
 * What all workers are to forget, as a ring of URLs' hashes in shared memory and how many there have been: the
 * price for a hit is a look at that number. What was asked for before a URL was invalidated is never stored,
 * in whichever worker it is on its way.
 */
export class Invalidations {
  private readonly cells: Cells;
  private readonly numbers: Float64Array;
  /** So many have been carried out here. */
  private seen: number;

  /** `name`: the middleware's. */
  constructor(counters: SharedCounters, name: string) {
    this.cells = counters.cells(`${name} invalidations`, ROOM + 1);
    this.numbers = this.cells.numbers;
    this.seen = this.count;
  }

  /** How many there have been. */
  get count(): number {
    return this.numbers[0];
  }

  add(url: string): void {
    this.push(urlHash(url));
  }

  addAll(): void {
    this.push(ALL);
  }

  /** Hands what is new to `forget`: hashes, or null for everything. */
  carryOut(forget: (hash: number | null) => void): void {
    if (this.numbers[0] === this.seen) return;
    const since = this.since(this.seen);
    this.seen = since.count;
    if (since.hashes === null || since.hashes.includes(ALL)) forget(null);
    else for (const hash of since.hashes) forget(hash);
  }

  /** True where a URL has been invalidated since there were so many. */
  hasSince(count: number, url: string): boolean {
    if (this.numbers[0] === count) return false;
    const { hashes } = this.since(count);
    return hashes === null || hashes.includes(ALL) || hashes.includes(urlHash(url));
  }

  private push(hash: number): void {
    this.cells.locked(() => {
      const { numbers } = this;
      numbers[1 + (numbers[0] % ROOM)] = hash;
      numbers[0]++;
    });
  }

  /** Null where some of them are no more there. Under the lock: others' numbers are there as they were written. */
  private since(count: number): { readonly count: number; readonly hashes: number[] | null } {
    return this.cells.locked(() => {
      const { numbers } = this;
      const now = numbers[0];
      if (now - count > ROOM) return { count: now, hashes: null };
      const hashes: number[] = [];
      for (let i = count; i < now; i++) hashes.push(numbers[1 + (i % ROOM)]);
      return { count: now, hashes };
    });
  }
}

/** 53 bits, and never 0. */
export function urlHash(url: string): number {
  const [low, high] = nameHash(url);
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0) || 1;
}
