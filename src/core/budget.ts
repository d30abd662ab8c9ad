/**
 * What a peer may do so many times before it is too much. What is used up comes back with time, and
 * with whatever makes up for it; no peer saves up.
 */
export class Budget {
  private readonly size: number;
  private readonly regrowth: number;
  private used = 0;
  private time = 0;

  /** `regrowth`: how long, in milliseconds, all of it takes to come back. */
  constructor(size: number, regrowth: number) {
    this.size = size;
    this.regrowth = regrowth;
  }

  /** The time in milliseconds, on a clock that never goes back. A caller that doesn't say it gets nothing back by it. */
  at(time: number): void {
    const passed = time - this.time;
    if (passed === 0) return;
    this.time = time;
    this.giveBack((this.size * passed) / this.regrowth);
  }

  /** False where it is too much. */
  take(count = 1): boolean {
    this.used += count;
    return this.used <= this.size;
  }

  giveBack(count: number): void {
    if (this.used > 0) this.used = Math.max(0, this.used - count);
  }
}
