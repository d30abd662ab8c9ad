import type { Cells } from "./counters.ts";
import { nameHash } from "./name-hash.ts";
import { WordLocks } from "./word-locks.ts";

/** Names that there is room for. */
const NAMES = 4096;
/** A name's words: its hash, where its numbers begin, how many there are, and the lock of its own. */
const NAME_WORDS = 5;
/** Numbers for all names together. */
const NUMBERS = 1 << 21;
/** The lock of the table, and how many numbers are given away. */
const HEAD_WORDS = 2;

/** Named rows of numbers in memory that several workers share. */
export class MemoryCells {
  /** Bytes that it takes, a multiple of 8; the system gives pages as they are used. */
  static readonly BYTES = (HEAD_WORDS + NAMES * NAME_WORDS) * 4 + NUMBERS * 8;
  private readonly words: Int32Array;
  private readonly numbers: Float64Array;
  private readonly locks: WordLocks;

  constructor(memory: SharedArrayBuffer, offset: number, worker: number) {
    const words = HEAD_WORDS + NAMES * NAME_WORDS;
    this.words = new Int32Array(memory, offset, words);
    this.numbers = new Float64Array(memory, offset + words * 4, NUMBERS);
    this.locks = new WordLocks(this.words, worker);
  }

  /** Throws a RangeError where there is no room. */
  named(name: string, count: number): Cells {
    const entry = this.locks.locked(0, () => this.find(name, count));
    const start = this.words[entry + 2];
    return {
      numbers: this.numbers.subarray(start, start + count),
      locked: (change) => this.locks.locked(entry + 4, change),
    };
  }

  /** A worker is dead. */
  forget(worker: number): void {
    this.locks.release(0, worker);
    for (let i = 0; i < NAMES; i++) this.locks.release(HEAD_WORDS + i * NAME_WORDS + 4, worker);
  }

  private find(name: string, count: number): number {
    const { words } = this;
    const [low, high] = nameHash(`${name}\n${count}`);
    for (let i = 0; i < NAMES; i++) {
      const at = HEAD_WORDS + (((low >>> 0) + i) % NAMES) * NAME_WORDS;
      if (words[at] === low && words[at + 1] === high && words[at + 3] === count) return at;
      if (words[at] !== 0) continue;
      const start = words[1];
      if (start + count > NUMBERS) break;
      words[1] = start + count;
      words[at] = low;
      words[at + 1] = high;
      words[at + 2] = start;
      words[at + 3] = count;
      return at;
    }
    throw new RangeError(`no room for ${count} numbers of "${name}"`);
  }
}
