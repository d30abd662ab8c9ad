import { latin1 } from "../../../core/bytes.ts";
import { httpError } from "../../../http/http-error.ts";
import type { LazyRequest } from "../../../http/lazy/lazy-request.ts";

/**
 * What the middlewares that change paths share. A path is kept as it goes on the wire, percent-encoded
 * (Go's URL.RawPath); "decoded" is Go's URL.Path as bytes, one character a byte.
 */

/** The path, "" where a middleware took all of it away. */
export function pathOf(request: LazyRequest): string {
  return request.emptyPath ? "" : request.path;
}

/** Puts a wire path in the place of the present one; the query stays. "" is sent as "/". */
export function setPath(request: LazyRequest, path: string): void {
  request.emptyPath = path === "";
  request.target = (path.startsWith("/") ? path : `/${path}`) + request.search;
}

/** The path with a "/" in front, but "" stays "". */
export function ensureLeadingSlash(path: string): string {
  return path === "" || path.startsWith("/") ? path : `/${path}`;
}

/** A path's bytes, or null where a "%" has no two hex digits. */
export function decodePath(path: string): string | null {
  if (!path.includes("%")) return path;
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return null;
  return path.replace(/%../g, (triplet) =>
    String.fromCharCode(Number.parseInt(triplet.slice(1), 16)),
  );
}

/** A path decoded to text, as regular expressions look at it. Bytes that are no UTF-8 become U+FFFD. */
export function pathText(path: string): string {
  const decoded = decodePath(path) ?? path;
  if (!/[^\x00-\x7f]/.test(decoded)) return decoded;
  return new TextDecoder().decode(Uint8Array.from(decoded, (char) => char.charCodeAt(0)));
}

/** Text as UTF-8, one character a byte. */
export function utf8Bytes(text: string): string {
  return latin1(new TextEncoder().encode(text));
}

/** Text percent-encoded for a path, as Go's URL.EscapedPath does. */
export function escapePath(text: string): string {
  return utf8Bytes(text).replace(/[^0-9A-Za-z\-._~$&+,/:;=@]/g, percentEncode);
}

function percentEncode(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}

/**
 * A path that came from the configuration or a replacement, fit for the wire: as it is where only
 * characters of a path are in it, else decoded and encoded again. Null where it can't be decoded.
 */
export function wirePath(path: string): string | null {
  if (/^(?:[0-9A-Za-z\-._~!$&'()*+,;=:@[\]/]|%[0-9A-Fa-f]{2})*$/.test(path)) return path;
  const decoded = decodePath(utf8Bytes(path));
  if (decoded === null) return null;
  return decoded.replace(/[^0-9A-Za-z\-._~$&+,/:;=@]/g, percentEncode);
}

/** The wire path behind the first `length` decoded characters. */
export function afterDecoded(path: string, length: number): string {
  let at = 0;
  for (let decoded = 0; decoded < length && at < path.length; decoded++) {
    at += path.charCodeAt(at) === 0x25 ? 3 : 1;
  }
  return path.slice(at);
}

/**
 * What is left of a wire path behind the first `length` decoded characters, with one "/" in front. A
 * "/" that was encoded (`%2F`) becomes the one in front, and what Go makes of that is decoded and
 * encoded again: a RawPath that is not the Path's has no say.
 */
export function strippedPath(path: string, length: number): string {
  const rest = afterDecoded(path, length);
  if (rest === "" || rest.startsWith("/")) return rest;
  const decoded = decodePath(rest) ?? rest;
  if (!decoded.startsWith("/")) return `/${rest}`;
  return decoded.replace(/[^0-9A-Za-z\-._~$&+,/:;=@]/g, percentEncode);
}

/** True where no segment is empty (but the last), "." or "..": what Go's URL.JoinPath leaves alone. */
export function isCanonical(path: string): boolean {
  let start = path.startsWith("/") ? 1 : 0;
  while (start < path.length) {
    const slash = path.indexOf("/", start);
    const end = slash < 0 ? path.length : slash;
    if (end === start) return false;
    if (path.charCodeAt(start) === 0x2e) {
      if (end === start + 1 || (end === start + 2 && path.charCodeAt(start + 1) === 0x2e))
        return false;
    }
    start = end + 1;
  }
  return true;
}

/** The answer to a request whose rewritten path is not canonical: it may mean another one to the backend. */
export function notCanonical(): Response {
  return httpError(400);
}
