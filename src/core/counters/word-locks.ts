/** Looks at what another worker is about to give before this one sleeps: it is a few instructions away. */
const SPINS = 1000;
/** Sleeps of a millisecond, as the other worker may wait for a processor; then it counts as dead. */
const SLEEPS = 1000;

/**
 * Locks between the workers of a process. Each is one word of the memory that they share: 0, or the
 * number of the worker that has it, from 1.
 */
export class WordLocks {
  private readonly words: Int32Array;
  private readonly own: number;

  /** `worker`: which of the workers this one is, from 0. */
  constructor(words: Int32Array, worker: number) {
    this.words = words;
    this.own = worker + 1;
  }

  /** Does something while no other worker has the lock at that place. */
  locked<T>(lock: number, change: () => T): T {
    const { words, own } = this;
    const taken = this.attempt(lock, () => Atomics.compareExchange(words, lock, 0, own) === 0);
    if (!taken) Atomics.store(words, lock, own);
    try {
      return change();
    } finally {
      // Not where another worker took this one for dead.
      Atomics.compareExchange(words, lock, own, 0);
    }
  }

  /** Tries again and again, with patience for a worker that waits for a processor; says whether it worked. */
  attempt(at: number, works: () => boolean): boolean {
    for (let i = 0; i < SPINS; i++) if (works()) return true;
    for (let i = 0; i < SLEEPS; i++) {
      // Nothing wakes it: it sleeps its millisecond, or not at all where the word has changed.
      Atomics.wait(this.words, at, Atomics.load(this.words, at), 1);
      if (works()) return true;
    }
    return false;
  }

  /** A worker that died may have died with the lock in its hands. */
  release(lock: number, worker: number): void {
    Atomics.compareExchange(this.words, lock, worker + 1, 0);
  }
}
