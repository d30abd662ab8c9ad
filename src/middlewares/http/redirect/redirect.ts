import { latin1Bytes } from "../../../core/bytes.ts";
import { Body } from "../../../http/body.ts";
import type { Exchange } from "../../../http/exchange.ts";
import type { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { LazyResponse, reasonOf } from "../../../http/lazy/lazy-response.ts";
import { HeaderList } from "../../../wire/header-list.ts";
import { utf8Bytes, wirePath } from "../path/path-rewrite.ts";

/** Traefik's redirection: 302, or 301 where permanent; 307 and 308 for methods other than GET. */
export function redirectTo(location: string, method: string, permanent: boolean): Response {
  const status = method === "GET" ? (permanent ? 301 : 302) : permanent ? 308 : 307;
  const headers = HeaderList.from([["Location", location]]);
  return new LazyResponse(status, headers, Body.of(latin1Bytes(reasonOf(status))));
}

/**
 * The target as a redirection keeps it: a ";" of the query, which becomes "&" on the way to servers,
 * is still one, unless a middleware has changed the target. Source: Traefik's rawURL goes by Go's
 * RequestURI, which http.AllowQuerySemicolons leaves alone.
 */
export function redirectedTarget({ target }: LazyRequest, exchange: Exchange): string {
  const received = exchange.target;
  if (!received.includes(";") || target !== exchange.normalTarget) return target;
  const question = target.indexOf("?");
  const before = received.indexOf("?");
  if (question < 0 || before < 0) return target;
  const separators = received.slice(before).match(/[&;]/g) ?? [];
  const query = target.slice(question);
  // With encodeQuerySemicolons it is a %3B by now, and stays one.
  if (query.split("&").length - 1 !== separators.length) return target;
  let i = 0;
  return target.slice(0, question) + query.replace(/&/g, () => separators[i++]);
}

const URL_PARTS = /^((?:[A-Za-z][A-Za-z0-9+.-]*:)?(?:\/\/([^/?#]*))?)([^?#]*)([^#]*)(.*)$/s;

/**
 * A URL fit for Location, as Go's url.Parse and String make it of a text: what may not stand in a
 * path is percent-encoded. Null where it is no URL (a control character, a bad host or "%").
 */
export function locationOf(url: string): string | null {
  if (/[\x00-\x1f\x7f]/.test(url)) return null;
  const parts = URL_PARTS.exec(url);
  if (parts === null) return null;
  const [, origin, host = "", path, query, fragment] = parts;
  if (/[\s"<>\\^`{|}]/.test(host)) return null;
  const escaped = wirePath(path);
  return escaped === null
    ? null
    : asciiOnly(origin) + escaped + asciiOnly(query) + asciiOnly(fragment);
}

/** Everything beyond ASCII, and spaces, percent-encoded. */
function asciiOnly(text: string): string {
  return utf8Bytes(text).replace(
    /[^\x21-\x7e]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}
