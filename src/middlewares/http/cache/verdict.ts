import { type Directives, secondsOf } from "./directives.ts";
import type { StoredResponse } from "./stored/stored-response.ts";

/** "refused": it is fresh, and the request doesn't want it all the same. */
export type Verdict = "use" | "use and refresh" | "forward" | "refused";

/**
 * Whether a stored response answers a request with these directives (RFC 9111 sections 4.2 and 5.2.1, RFC 5861):
 * never where it is stale, but for what the server, the options or the request allow.
 */
export function verdictOn(
  stored: StoredResponse,
  directives: Directives | undefined,
  now: number,
): Verdict {
  const left = stored.left(now);
  const { mayBeStale, staleWhileRevalidate } = stored.parts.freshness;
  if (directives !== undefined && directives.size > 0) {
    if (directives.has("no-cache")) return "refused";
    const maxAge = secondsOf(directives, "max-age");
    if (maxAge !== undefined && stored.age(now) > maxAge * 1000) return "refused";
    const minFresh = secondsOf(directives, "min-fresh");
    if (minFresh !== undefined && left < minFresh * 1000) return left > 0 ? "refused" : "forward";
    if (left <= 0 && mayBeStale && directives.has("max-stale")) {
      const most =
        directives.get("max-stale") === "" ? Infinity : secondsOf(directives, "max-stale")!;
      if (-left <= most * 1000) return "use";
    }
  }
  if (left > 0) return "use";
  return -left < staleWhileRevalidate ? "use and refresh" : "forward";
}
