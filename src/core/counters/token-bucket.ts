/** How fast a bucket fills and how much is in it at the most. Times in milliseconds. */
export interface BucketLimit {
  /** One token comes each so often. */
  readonly interval: number;
  /** Tokens in a full bucket, at least 1. */
  readonly burst: number;
  /** A token may be taken so long before it is there. */
  readonly patience: number;
}

/** Buckets of tokens, one for each key. */
export interface TokenBuckets {
  /**
   * Takes a token and says how long to wait, in milliseconds, until it is there: 0 for at once. Where
   * that is more than `limit.patience` none is taken, and it is how long until there is one.
   */
  take(key: string, limit: BucketLimit): number;
}

/**
 * A bucket is one number: when it will be full again. That in the past, or none at all, is a full
 * one, so that a bucket which has been left alone takes no room and nothing is lost with it.
 */
export interface Taking {
  readonly wait: number;
  /** When it will be full now; undefined where nothing was taken. */
  readonly fullAt: number | undefined;
}

export function takeToken(fullAt: number, now: number, limit: BucketLimit): Taking {
  const { interval, burst, patience } = limit;
  const capacity = interval * burst;
  // A number from another limit, or of a clock that went astray, says no more than "empty".
  const before = Math.min(Math.max(fullAt, now), now + capacity + patience);
  const after = before + interval;
  const wait = after - now - capacity;
  // Sums of intervals are as exact as doubles are.
  const early = wait < interval * 1e-6 ? 0 : wait;
  return early <= patience ? { wait: early, fullAt: after } : { wait: early, fullAt: undefined };
}
