import { Budget } from "../../../core/budget.ts";
import { enhanceYourCalm } from "../connection-error.ts";
import { LARGEST_WINDOW } from "../frames/frame.ts";

/** How many control frames one piece of useful work makes up for: BDP probes and window updates come with all data. */
const WORTH = 8;

/**
 * How long, in milliseconds, what is used up takes to come back without useful work. Keepalive PINGs on
 * a connection whose streams are silent for hours must not come to its end, nor streams that a client
 * gives up because their server is down: with the default that is what it may have open, each second.
 */
const IDLE_REGROWTH = 10_000;
export const RESETS_REGROWTH = 2000;

/**
 * A header list that is so much larger than its block names the same entries of HPACK's table time
 * and again, which is good for nothing: a megabyte of 300 bytes takes as long as fifty requests.
 */
export const LEAST_EXPANSION = 64 * 1024;
/** Bytes of it that count as a frame. */
const EXPANSION_FRAME = 16 * 1024;

/**
 * How many header lists at the limit a connection may have refused before it ends, and the least bytes
 * for small limits. Useful work doesn't make up for them: a byte of a body would pay for a megabyte.
 */
export const REFUSED_LISTS = 16;
export const LEAST_REFUSED = 4 * 1024 * 1024;
/** How long, in milliseconds, what is used up of that takes to come back. */
const REFUSED_REGROWTH = 10_000;

/** A head and trailers may be on their way when we reset a stream; so many of them are remembered at most. */
const LATE_HEADS = 2;
const MOST_LATE_HEADS = 2048;

/**
 * Counts what a peer sends that costs it nothing and us something. Useful work makes up for it, and so
 * does time: a busy peer never comes near the limits, nor a quiet one, and a flood always does.
 */
export class FloodGuard {
  private readonly idle: Budget;
  private readonly resets: Budget;
  private readonly refused: Budget;
  /** What may still come for streams that we have reset. */
  private lateBytes = 0;
  private lateHeads = 0;

  /** `maxHeaderListBytes`: what one header list may have. */
  constructor(maxIdle: number, maxResets: number, maxHeaderListBytes = 0) {
    this.idle = new Budget(maxIdle, IDLE_REGROWTH);
    this.resets = new Budget(maxResets, RESETS_REGROWTH);
    const maxRefused = Math.max(LEAST_REFUSED, REFUSED_LISTS * maxHeaderListBytes);
    this.refused = new Budget(maxRefused, REFUSED_REGROWTH);
  }

  /** See `Http2Session.at`. */
  at(time: number): void {
    this.idle.at(time);
    this.resets.at(time);
    this.refused.at(time);
  }

  /** A frame that moves nothing forward. False where it is one too many. */
  control(): boolean {
    return this.idle.take();
  }

  /** The same, where one too many ends the connection: throws ConnectionError. */
  countControl(): void {
    if (!this.control()) throw enhanceYourCalm("Too many frames that move nothing forward");
  }

  /** A header block took so much more to decode than to send. Throws ConnectionError. */
  countExpansion(bytes: number): void {
    this.idle.take(Math.floor(bytes / EXPANSION_FRAME));
    this.countControl();
  }

  /** A header list of `bytes` was above the limits and decoded for nothing. Throws ConnectionError. */
  countRefused(bytes: number): void {
    if (!this.refused.take(bytes)) throw enhanceYourCalm("Too many header lists above the limit");
  }

  /** A piece of a body went either way, or a message came. */
  worked(): void {
    this.idle.giveBack(WORTH);
  }

  /**
   * We have reset a stream before its peer's end. Until the peer hears of that it may send what the
   * stream's window allows (RFC 9113 section 5.1): many streams given up at once are our doing, and
   * no reason to end a connection that others' streams are on.
   */
  cancelled(window: number): void {
    this.lateBytes = Math.min(this.lateBytes + window, LARGEST_WINDOW);
    this.lateHeads = Math.min(this.lateHeads + LATE_HEADS, MOST_LATE_HEADS);
  }

  /** DATA of `bytes` for a stream that isn't there. False where it can't be late. */
  lateData(bytes: number): boolean {
    if (bytes === 0 || bytes > this.lateBytes) return false;
    this.lateBytes -= bytes;
    return true;
  }

  /** A header block for a stream that we have reset. Throws ConnectionError. */
  countLateHead(): void {
    if (this.lateHeads > 0) this.lateHeads--;
    else this.countControl();
  }

  /** A stream that the peer opened ended before its answer, by its reset, or by its errors. False where it is one too many. */
  reset(): boolean {
    return this.resets.take();
  }

  /** A stream was answered to its end. */
  finished(): void {
    this.resets.giveBack(1);
  }
}
