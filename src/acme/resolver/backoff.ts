import { AcmeError } from "../protocol/acme-error.ts";

/** How failed orders are tried again. Milliseconds. */
export interface Backoff {
  /** After an authority refused: Let's Encrypt takes five failed validations an hour. */
  readonly refused: { readonly first: number; readonly longest: number; readonly growth: number };
  /** After it could not be asked, or a challenge could not be shown. */
  readonly unreachable: {
    readonly first: number;
    readonly longest: number;
    readonly growth: number;
  };
}

export const BACKOFF: Backoff = {
  refused: { first: 60_000, longest: 6 * 3_600_000, growth: 3 },
  unreachable: { first: 5_000, longest: 600_000, growth: 2 },
};

/** The part of a pause by which it may be longer, so that failures don't come in step. */
const JITTER = 0.2;

/**
 * When to try again what failed for the `tries`-th time, in milliseconds since the epoch: not before
 * the authority's Retry-After, where it said one.
 */
export function nextTry(
  error: unknown,
  tries: number,
  backoff: Backoff,
  now = Date.now(),
  random = Math.random(),
): number {
  const refused = error instanceof AcmeError && error.status < 500;
  const { first, longest, growth } = refused ? backoff.refused : backoff.unreachable;
  const pause = Math.min(longest, first * growth ** Math.min(tries - 1, 32));
  const asked = error instanceof AcmeError ? (error.retryAt ?? 0) : 0;
  return Math.max(now + pause * (1 + JITTER * random), asked);
}
