import type { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import { keyTarget } from "./cache-key.ts";
import type { KeyOptions } from "./cache-options.ts";

/**
 * The URLs that an answer to an unsafe method makes invalid: the request's own, and those of the same origin that
 * Location and Content-Location name; none where the answer is an error (RFC 9111 section 4.4).
 */
export function invalidated(
  url: string,
  { status, headerList }: Pick<LazyResponse, "status" | "headerList">,
  key: KeyOptions,
): string[] {
  if (status < 200 || status >= 400) return [];
  const urls = [url];
  for (const name of ["location", "content-location"]) {
    const value = headerList.first(name);
    const other = value === null ? null : URL.parse(value, url);
    // A default port may be written or not: the origin is compared as URLs have it, and the key's own is kept.
    if (other === null || other.origin !== URL.parse(url)?.origin) continue;
    const [origin] = /^[a-z]+:\/\/[^/?#]*/.exec(url) ?? [""];
    urls.push(origin + keyTarget(other.pathname + other.search, key));
  }
  return urls;
}
