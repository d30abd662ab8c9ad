import { parseHttpDate } from "../../../http/fields/http-date.ts";
import type { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import type { HeaderList } from "../../../wire/header-list.ts";
import type { CacheOptions } from "./cache-options.ts";
import { type Directives, MOST_SECONDS, readDirectives, secondsOf } from "./directives.ts";
import type { Freshness } from "./stored/stored-response.ts";

/** Statuses that may be kept without a word of the server's (RFC 9110 section 15.1), but for 206. */
const HEURISTIC = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);

/** Of what takes long to come to its end, or never does, nothing is kept, whatever `defaultTTL` says. */
const ENDLESS = /^(?:text\/event-stream|multipart\/x-mixed-replace)\b/i;

/** Fields of a response that the package is to see, and how what they say is read; the others say nothing of its freshness. */
const SEEN: readonly (readonly [name: string, read: (value: string) => string | undefined])[] = [
  // What is no date, or several, is one in the past (RFC 9111 section 5.3).
  ["expires", (value) => dateText(value) ?? "0"],
  ["date", dateText],
  ["pragma", (value) => value],
  // The first member counts; what is no number is ignored (RFC 9111 section 5.1).
  ["age", (value) => /^\d+(?=\s*(?:,|$))/.exec(value)?.[0]],
];

function dateText(value: string): string | undefined {
  const time = parseHttpDate(value);
  return time === null ? undefined : new Date(time).toUTCString();
}

/** What the package is told in Cache-Control; what it would read otherwise than RFC 9111, `freshnessOf` reads itself. */
const TOLD = [
  "no-store",
  "no-cache",
  "private",
  "public",
  "must-revalidate",
  "max-age",
  "s-maxage",
] as const;

type Message = Pick<LazyResponse, "status" | "headerList">;

/** How long a response to a request with these fields may be used; null where it may not be kept at all. */
export type Judge = (request: HeaderList, response: Message, delay: number) => Freshness | null;

/**
 * Judges by RFC 9111 sections 3 and 4.2, for a shared cache: what is kept at all and for how long is the
 * package's word. `delay`, in milliseconds, is what the response was on its way for. Heuristics there are none but `defaultTTL`.
 */
export async function freshnessJudge(options: CacheOptions): Promise<Judge> {
  const { default: CachePolicy } = await import("http-cache-semantics");
  return (request, { status, headerList }, delay) => {
    // A cookie is one client's, whatever the response says besides.
    if (headerList.has("set-cookie") || headerList.has("content-range")) return null;
    if (ENDLESS.test(headerList.first("content-type") ?? "")) return null;
    const vary = headerList.get("vary");
    if (vary !== null && /(?:^|,)\s*\*\s*(?:,|$)/.test(vary)) return null;
    const directives = readDirectives(headerList.get("cache-control"));
    const headers: Record<string, string> = {};
    for (const [name, read] of SEEN) {
      const value = headerList.get(name);
      const seen = value === null ? undefined : read(value);
      if (seen !== undefined) headers[name] = seen;
    }
    if (headerList.has("cache-control")) headers["cache-control"] = toldOf(directives);
    const policy = new CachePolicy(
      {
        method: "GET",
        url: "/",
        headers: request.has("authorization") ? { authorization: "there" } : {},
      },
      { status, headers },
      { shared: true, cacheHeuristic: 0, immutableMinTimeToLive: 0 },
    );
    if (!policy.storable()) return null;
    return freshnessOf(policy, directives, headers, status, delay, options);
  };
}

function freshnessOf(
  policy: { maxAge(): number },
  directives: Directives,
  headers: Readonly<Record<string, string>>,
  status: number,
  delay: number,
  options: CacheOptions,
): Freshness {
  const explicit =
    directives.has("s-maxage") || directives.has("max-age") || headers["expires"] !== undefined;
  const isChecked = directives.has("no-cache") || isOldNoCache(headers);
  // RFC 9111 section 5.2.2.10: s-maxage means this too, but for staleness that the server asks for by name.
  const must = directives.has("must-revalidate") || directives.has("proxy-revalidate");
  const mayBeStale = !must && !isChecked && !directives.has("s-maxage");
  const allowed = (name: string, configured: number) => {
    if (must || isChecked) return 0;
    const said = secondsOf(directives, name);
    if (said !== undefined) return said * 1000;
    return mayBeStale ? configured : 0;
  };
  const fallback = isChecked || !HEURISTIC.has(status) ? 0 : options.defaultTTL;
  return {
    // Not the package's word: what goes by on its own clock is not part of it.
    initialAge: Math.min(Number(headers["age"] ?? 0), MOST_SECONDS) * 1000 + Math.max(0, delay),
    lifetime: explicit ? Math.max(0, policy.maxAge()) * 1000 : fallback,
    staleWhileRevalidate: allowed("stale-while-revalidate", options.staleWhileRevalidate),
    staleIfError: allowed("stale-if-error", options.staleIfError),
    mayBeStale,
  };
}

function isOldNoCache(headers: Readonly<Record<string, string>>): boolean {
  return headers["cache-control"] === undefined && /\bno-cache\b/i.test(headers["pragma"] ?? "");
}

/** In the one spelling that the package knows. */
function toldOf(directives: Directives): string {
  const told: string[] = [];
  for (const name of TOLD) {
    if (!directives.has(name)) continue;
    // no-cache and private that name fields hold for all of the response (RFC 9111 sections 5.2.2.4 and 5.2.2.7).
    const seconds = name.endsWith("age") && name.includes("max") ? secondsOf(directives, name) : "";
    told.push(seconds === "" ? name : `${name}=${seconds}`);
  }
  return told.join(", ");
}
