import type { Deadlines, Expiring } from "../../core/timers.ts";

/**
 * What a request has its time for. A client that takes no more of the response has a time of its own
 * for that: neither may put the other off.
 */
export class Http3Timeouts implements Expiring {
  deadline = 0;
  readonly expired: () => void;
  private readonly deadlines: Deadlines;
  private step = 0;
  private stall = 0;

  constructor(deadlines: Deadlines, expired: () => void) {
    this.deadlines = deadlines;
    this.expired = expired;
    deadlines.add(this);
  }

  /** The next step has so many milliseconds, 0 for no end, instead of what the last one had left. */
  expect(milliseconds: number): void {
    this.step = this.deadlines.after(milliseconds);
    this.look();
  }

  /** The client has so many milliseconds to take more. */
  stalled(milliseconds: number): void {
    this.stall = this.deadlines.after(milliseconds);
    this.look();
  }

  /** It has taken some. */
  moved(): void {
    this.stall = 0;
    this.look();
  }

  end(): void {
    this.deadlines.remove(this);
  }

  private look(): void {
    const { step, stall } = this;
    this.deadline = step === 0 || stall === 0 ? step + stall : Math.min(step, stall);
  }
}
