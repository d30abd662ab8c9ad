import { enhanceYourCalm } from "./connection-error.ts";

/** How many control frames one piece of useful work makes up for: BDP probes and window updates come with all data. */
const WORTH = 8;

/**
 * Counts what a peer sends that costs it nothing and us something. Useful work makes up for it, so
 * that a busy peer never comes near the limits and a flood always does.
 */
export class FloodGuard {
  private readonly maxIdle: number;
  private readonly maxResets: number;
  private idle = 0;
  private resets = 0;

  constructor(maxIdle: number, maxResets: number) {
    this.maxIdle = maxIdle;
    this.maxResets = maxResets;
  }

  /** A frame that moves nothing forward. False where it is one too many. */
  control(): boolean {
    return ++this.idle <= this.maxIdle;
  }

  /** The same, where one too many ends the connection: throws ConnectionError. */
  countControl(): void {
    if (!this.control()) throw enhanceYourCalm("Too many frames that move nothing forward");
  }

  /** A piece of a body went either way, or a message came. */
  worked(): void {
    if (this.idle > 0) this.idle = Math.max(0, this.idle - WORTH);
  }

  /** A stream that the peer opened ended early, by its reset or by its errors. False where it is one too many. */
  reset(): boolean {
    return ++this.resets <= this.maxResets;
  }

  /** A stream was answered to its end. */
  finished(): void {
    if (this.resets > 0) this.resets--;
  }
}
