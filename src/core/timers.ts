/**
 * Deadlines for many owners at the cost of one number each: moving a deadline is an assignment, not
 * a timer. One timer looks after all of them. A long time limit is put off without a look at the
 * clock, and is looked at four times a second; a shorter one is looked at when it is due.
 */

/** Something with a deadline. `deadline` is in milliseconds of `now()`, 0 for none. */
export interface Expiring {
  deadline: number;
  /** The deadline passed; it has been set to 0. */
  expired(): void;
}

/** Milliseconds on a clock that never goes back. */
export function now(): number {
  return performance.now();
}

/** Where `Deadlines` has its time from; times in milliseconds. */
export interface Clock {
  now(): number;
  /** Calls back after so long; what it returns calls that off. */
  wake(after: number, callback: () => void): () => void;
}

const SYSTEM: Clock = {
  now,
  wake(after, callback) {
    const timer = setTimeout(callback, Math.ceil(after));
    return () => clearTimeout(timer);
  },
};

/** How often all deadlines are looked at, in milliseconds. */
const INTERVAL = 250;
/** From so many intervals on, the two that it may be late are within 1 % of a time limit. */
const LONG = 210;
/** Milliseconds between two looks at the least, for limits below a second. */
const SHORTEST_PAUSE = 4;
/** A look may be late by this part of the shortest limit that is under way. */
const LATENESS = 1 / 200;
/** Pauses are so many times longer than a look takes: looks never take more than a twentieth of a core. */
const SPARING = 20;

export class Deadlines {
  private readonly interval: number;
  private readonly clock: Clock;
  private readonly owners = new Set<Expiring>();
  // The time of the last look: near enough for long limits, and no clock has to be asked.
  private latest: number;
  /** When the timer fires; Infinity where there is none. */
  private nextLook = Infinity;
  private cancel: (() => void) | null = null;
  /** The last of the deadlines of short limits, and the shortest of these limits. */
  private shortUntil = 0;
  private shortest = Infinity;

  /** `interval`: how often deadlines of long limits are looked at, in milliseconds. */
  constructor(interval = INTERVAL, clock = SYSTEM) {
    this.interval = interval;
    this.clock = clock;
    this.latest = clock.now();
  }

  /** Looks after `owner.deadline` from now on. */
  add(owner: Expiring): void {
    this.owners.add(owner);
    if (this.cancel !== null) return;
    this.latest = this.clock.now();
    this.lookAt(this.latest + this.interval, this.latest);
  }

  /** Milliseconds of `now()`, late by an interval at most: no clock is asked. For owners that were added. */
  get time(): number {
    return this.latest;
  }

  /**
   * The deadline that many milliseconds from now; 0, none, for 0. It fires at most 10 ms late for a
   * limit below a second, and 1 % late for a longer one, as long as the event loop has time for it.
   */
  after(milliseconds: number): number {
    if (milliseconds === 0) return 0;
    const { interval } = this;
    if (milliseconds >= interval * LONG) {
      if (this.cancel === null) this.latest = this.clock.now();
      return this.latest + interval + milliseconds;
    }
    const time = this.clock.now();
    const deadline = time + milliseconds;
    this.latest = time;
    if (deadline > this.shortUntil) this.shortUntil = deadline;
    if (milliseconds < this.shortest) this.shortest = milliseconds;
    if (deadline < this.nextLook) this.lookAt(deadline, time);
    return deadline;
  }

  remove(owner: Expiring): void {
    if (this.owners.delete(owner) && this.owners.size === 0) this.stop();
  }

  /** Fires what has passed at `time`, and returns the first deadline that is left. The timer calls this; tests may. */
  sweep(time: number): number {
    this.latest = time;
    let first = Infinity;
    for (const owner of this.owners) {
      if (owner.deadline !== 0 && owner.deadline <= time) {
        owner.deadline = 0;
        owner.expired();
      }
      const { deadline } = owner;
      if (deadline !== 0 && deadline < first) first = deadline;
    }
    return first;
  }

  private lookAt(at: number, time: number): void {
    this.stop();
    this.nextLook = at;
    this.cancel = this.clock.wake(Math.max(0, at - time), this.look);
  }

  private stop(): void {
    this.cancel?.();
    this.cancel = null;
    this.nextLook = Infinity;
  }

  private readonly look = (): void => {
    this.cancel = null;
    this.nextLook = Infinity;
    const start = this.clock.now();
    const first = this.sweep(start);
    if (this.owners.size === 0) return;
    let next = start + this.interval;
    if (start < this.shortUntil) {
      const end = this.clock.now();
      const late = Math.max(SHORTEST_PAUSE, this.shortest * LATENESS, (end - start) * SPARING);
      next = Math.min(next, Math.max(first, start + late));
    } else {
      this.shortest = Infinity;
    }
    // What has expired may have asked for an earlier look.
    if (next < this.nextLook) this.lookAt(next, start);
  };
}
