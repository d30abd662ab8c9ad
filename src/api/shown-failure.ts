import type { OrderFailure } from "../acme/storage/stored.ts";
import { goTime } from "./go/go-time.ts";

/** Why an order failed last, and when it is tried again (ours). */
export interface ShownFailure {
  readonly error: string;
  /** The authority's word for it, such as "rateLimited", or "other". */
  readonly errorType: string;
  readonly failures: number;
  readonly lastFailure: string;
  readonly nextAttempt: string;
}

export function shownFailure(failure: OrderFailure | undefined): ShownFailure | undefined {
  if (failure === undefined) return undefined;
  const { error, type = "other", tries, at, nextTry } = failure;
  return {
    error,
    errorType: type,
    failures: tries,
    lastFailure: secondsOf(at),
    nextAttempt: secondsOf(nextTry),
  };
}

/** As `goTime`, for a time that may have parts of a second. */
export function secondsOf(milliseconds: number): string {
  return goTime(Math.floor(milliseconds / 1000) * 1000);
}
