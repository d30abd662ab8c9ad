/**
 * Deadlines for many owners at the cost of one number each: moving a deadline is an assignment,
 * not a timer and not even a look at the clock. One coarse interval looks after all of them; a
 * deadline from `after` fires within two ticks behind its time.
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
  // The time of the last sweep: near enough for deadlines, and no clock has to be asked.
  private clock = now();
  private readonly owners = new Set<Expiring>();
  private timer: ReturnType<typeof setInterval> | undefined;

  /** `tick`: how often deadlines are looked at, in milliseconds. */
  constructor(tick = 250) {
    this.tick = tick;
  }

  /** Looks after `owner.deadline` from now on. */
  add(owner: Expiring): void {
    this.owners.add(owner);
    if (this.timer !== undefined) return;
    this.clock = now();
    this.timer = setInterval(() => this.sweep(now()), this.tick);
  }

  /** Milliseconds of `now()`, late by a tick at most: no clock is asked. For owners that were added. */
  get time(): number {
    return this.clock;
  }

  /** The deadline that many milliseconds from now; 0, none, for 0. For owners that were added. */
  after(milliseconds: number): number {
    return milliseconds === 0 ? 0 : this.clock + this.tick + milliseconds;
  }

  remove(owner: Expiring): void {
    if (this.owners.delete(owner) && this.owners.size === 0 && this.timer !== undefined) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  /** Fires what has passed at `time`. The interval calls this; tests may. */
  sweep(time: number): void {
    this.clock = time;
    for (const owner of this.owners) {
      if (owner.deadline !== 0 && owner.deadline <= time) {
        owner.deadline = 0;
        owner.expired();
      }
    }
  }
}
