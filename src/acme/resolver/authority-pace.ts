import { AcmeError } from "../protocol/acme-error.ts";

/** Orders side by side at most. */
const AT_ONCE = 10;
/** So many refusals in a row are the account's or the address's limit, and not that of some names. */
const ACCOUNTS_LIMIT = 3;
/** Names have limits of days: another order looks after so long whether the account may again. Milliseconds. */
const LONGEST_HOLD = 900_000;

/**
 * How many orders an authority takes now. One that has no time (503), or refuses order after order by its
 * limits (429), is left alone until its Retry-After; then one order at a time looks whether it has some,
 * until one succeeds (RFC 8555 section 6.6).
 */
export class AuthorityPace {
  /** When an order may begin, in milliseconds since the epoch. */
  heldUntil = 0;
  private refusals: number[] = [];
  private slow = false;

  get atOnce(): number {
    return this.slow ? 1 : AT_ONCE;
  }

  succeeded(): void {
    this.refusals = [];
    this.slow = false;
  }

  failed(error: unknown, now = Date.now()): void {
    if (!(error instanceof AcmeError) || error.retryAt === undefined) return;
    if (error.status === 503) {
      this.hold(error.retryAt);
    } else if (error.status === 429) {
      this.refusals.push(error.retryAt);
      if (this.refusals.length < ACCOUNTS_LIMIT && !this.slow) return;
      this.hold(Math.min(now + LONGEST_HOLD, ...this.refusals.splice(0)));
    }
  }

  private hold(until: number): void {
    this.slow = true;
    this.heldUntil = Math.max(this.heldUntil, until);
  }
}
