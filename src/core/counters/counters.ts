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

/**
 * Numbers that hold for the whole process, whatever the number of its workers. They go by name, so
 * that an element finds its own again after a reload.
 */
export interface SharedCounters {
  counter(name: string): Counter;
  /** Counts by key; a key without any takes no room. */
  counts(name: string): KeyedCounts;
}

/** The numbers of a process with one worker. */
export class LocalCounters implements SharedCounters {
  private readonly counters = new Map<string, Counter>();
  private readonly allCounts = new Map<string, KeyedCounts>();

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
