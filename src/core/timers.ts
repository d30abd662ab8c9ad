/**
 * Deadlines for many owners at the cost of one number each: moving a deadline is an assignment,
 * not a timer. One coarse interval looks after all of them; a deadline fires up to one tick late,
 * never early.
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

export class Deadlines {
  readonly tick: number;
  private readonly owners = new Set<Expiring>();
  private timer: ReturnType<typeof setInterval> | undefined;

  /** `tick`: how often deadlines are looked at, in milliseconds. */
  constructor(tick = 250) {
    this.tick = tick;
  }

  /** Looks after `owner.deadline` from now on. */
  add(owner: Expiring): void {
    this.owners.add(owner);
    this.timer ??= setInterval(() => this.sweep(now()), this.tick);
  }

  remove(owner: Expiring): void {
    if (this.owners.delete(owner) && this.owners.size === 0 && this.timer !== undefined) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  /** Fires what has passed at `time`. The interval calls this; tests may. */
  sweep(time: number): void {
    for (const owner of this.owners) {
      if (owner.deadline !== 0 && owner.deadline <= time) {
        owner.deadline = 0;
        owner.expired();
      }
    }
  }
}
