/** How often it is looked whether all is quiet, in milliseconds. */
const TICK = 1000;

/**
 * Calls back in the first quiet moment behind some activity: a tick in which `activity` did not
 * move.
 */
export class QuietMoments {
  private readonly activity: () => number;
  private readonly quiet: () => void;
  private readonly timer: ReturnType<typeof setInterval>;
  private last = -1;
  private active = true;

  constructor(activity: () => number, quiet: () => void, tick = TICK) {
    this.activity = activity;
    this.quiet = quiet;
    this.timer = setInterval(() => this.look(), tick);
  }

  /** The timer calls this; tests may. */
  look(): void {
    const count = this.activity();
    if (count !== this.last) {
      this.last = count;
      this.active = true;
    } else if (this.active) {
      this.active = false;
      this.quiet();
    }
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
