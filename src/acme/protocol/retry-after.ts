/** A day: what is longer is looked at again by then. */
const LONGEST = 86_400_000;

/**
 * When a Retry-After field (RFC 9110 section 10.2.3) says to come again, in milliseconds since the
 * epoch, at most a day from `now`; undefined where there is none, or one that means nothing.
 */
export function retryAfter(value: string | undefined, now = Date.now()): number | undefined {
  if (value === undefined || value === "") return undefined;
  const at = /^\d{1,10}$/.test(value) ? now + 1000 * Number(value) : Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.min(Math.max(at, now), now + LONGEST);
}
