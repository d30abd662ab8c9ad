/**
 * A request target's path in its three forms: as received, normalised (what upstreams get), and
 * decoded for routing. Sources: Traefik's pkg/server/server_entrypoint_tcp.go (normalizePath,
 * sanitizePath, the semicolons), pkg/muxer/http/mux.go (withRoutingPath) and Go's net/url.
 */
export interface TargetOptions {
  /** Removes `//`, `.` and `..` segments. */
  readonly sanitizePath: boolean;
  /** Semicolons in the query become %3B; otherwise, and by default, they become `&`. */
  readonly encodeQuerySemicolons?: boolean;
}

const SLASH = 0x2f;
const DOT = 0x2e;
const PERCENT = 0x25;
const QUESTION = 0x3f;
const SEMICOLON = 0x3b;
const HASH = 0x23;

const Class = {
  /** Not in a request target at all. */
  forbidden: 0,
  /** Stands for itself in a path. */
  plain: 1,
  /** May come in a path, but is sent percent-encoded. */
  encode: 2,
  slash: 3,
  percent: 4,
  question: 5,
} as const;

// What Go keeps in an encoded path (net/url validEncoded); "#" would begin a fragment.
const CLASS = new Uint8Array(256);
for (let code = 0x21; code < 256; code++) {
  CLASS[code] = /[0-9A-Za-z\-._~!$&'()*+,;=:@[\]]/.test(String.fromCharCode(code))
    ? Class.plain
    : Class.encode;
}
CLASS[0x7f] = Class.forbidden;
CLASS[HASH] = Class.forbidden;
CLASS[SLASH] = Class.slash;
CLASS[PERCENT] = Class.percent;
CLASS[QUESTION] = Class.question;

const table = (pattern: RegExp) =>
  Array.from({ length: 256 }, (_, code) => pattern.test(String.fromCharCode(code)));
const IS_UNRESERVED = table(/[0-9A-Za-z\-._~]/);
const IS_RESERVED = table(/[:/?#[\]@!$&'()*+,;=%]/);

/**
 * The length of the path where the target is normal already and its path has nothing to decode, so
 * that all three forms are one; -1 where `normalizeTarget` has to look at it.
 */
export function normalPathLength(target: string, sanitize: boolean): number {
  if (target.charCodeAt(0) !== SLASH) return -1;
  const { length } = target;
  let i = 0;
  for (; i < length; i++) {
    const kind = CLASS[target.charCodeAt(i)];
    if (kind === Class.plain) continue;
    if (kind === Class.slash) {
      if (sanitize && startsOddSegment(target, i + 1)) return -1;
      continue;
    }
    if (kind === Class.question) break;
    return -1;
  }
  const pathLength = i;
  for (i++; i < length; i++) {
    const code = target.charCodeAt(i);
    // A class of undefined (text beyond Latin-1) is no number above 0 either.
    if (code === SEMICOLON || !(CLASS[code] > Class.forbidden)) return -1;
  }
  return pathLength;
}

/** True where the path segment that begins at `at` is empty (and not the last), "." or "..". */
function startsOddSegment(target: string, at: number): boolean {
  const code = target.charCodeAt(at);
  if (code === SLASH) return true;
  if (code !== DOT) return false;
  const next = target.charCodeAt(at + 1);
  return endsSegment(next) || (next === DOT && endsSegment(target.charCodeAt(at + 2)));
}

/** True for "/", "?" and the NaN behind the end. */
function endsSegment(code: number): boolean {
  return code === SLASH || code === QUESTION || Number.isNaN(code);
}

/**
 * The target to route and to send upstream, or null where it is malformed (400): a raw "#", a
 * control character, a "%" without two hex digits, a path that doesn't begin with "/".
 */
export function normalizeTarget(target: string, options: TargetOptions): string | null {
  for (let i = 0; i < target.length; i++) {
    if (!(CLASS[target.charCodeAt(i)] > Class.forbidden)) return null;
  }
  const question = target.indexOf("?");
  const rawPath = question < 0 ? target : target.slice(0, question);
  let query = question < 0 ? "" : target.slice(question);
  // An absolute-form target may have no path (RFC 9112 section 3.2.2).
  let path = rawPath === "" ? "/" : normalizeEncoding(rawPath);
  if (path === null || path.charCodeAt(0) !== SLASH) return null;
  if (options.sanitizePath) path = cleanPath(path);
  if (query.includes(";")) {
    query = query.replaceAll(";", options.encodeQuerySemicolons ? "%3B" : "&");
  }
  return path + query;
}

/** The code that `%XX` at `at` stands for, or -1 where there are no two hex digits. */
function percentDecoded(path: string, at: number): number {
  const high = hexValue(path.charCodeAt(at + 1));
  const low = hexValue(path.charCodeAt(at + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

function hexValue(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function percentEncoded(code: number): string {
  return `%${code < 16 ? "0" : ""}${code.toString(16).toUpperCase()}`;
}

/**
 * Percent-encoding as RFC 3986 section 6.2.2 wants it: unreserved characters decoded, hex digits in
 * upper case, and what may not stand in a path encoded. Null where a "%" has no two hex digits.
 */
function normalizeEncoding(path: string): string | null {
  let normal = "";
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i);
    if (code === PERCENT) {
      const decoded = percentDecoded(path, i);
      if (decoded < 0) return null;
      normal += IS_UNRESERVED[decoded] ? String.fromCharCode(decoded) : percentEncoded(decoded);
      i += 2;
    } else {
      normal += CLASS[code] === Class.encode ? percentEncoded(code) : path[i];
    }
  }
  return normal;
}

/**
 * Go's path.Clean with a trailing slash kept: "." and empty segments go, ".." takes the segment
 * before it along. Unlike in RFC 3986 section 5.2.4, "/a/b/.." is "/a", as Traefik has it.
 */
function cleanPath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "" && segment !== ".") segments.push(segment);
  }
  const clean = `/${segments.join("/")}`;
  return path.endsWith("/") && clean !== "/" ? `${clean}/` : clean;
}

/** Added to a byte that is no UTF-8. */
const NO_UTF8 = 0xdc00;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The path as rules match it: a normalised path decoded, except RFC 3986's reserved characters and
 * "%". A byte that is no UTF-8 becomes a character for itself, as it is one for Go's expressions: a
 * lone surrogate (U+DC80 to U+DCFF), which no rule's text has, so that no two paths look the same.
 */
export function routingPathOf(path: string): string {
  if (!path.includes("%")) return path;
  return path.replace(/(?:%[0-9A-F]{2})+/g, (run) => {
    let text = "";
    for (let i = 0; i < run.length; ) {
      const code = percentDecoded(run, i);
      const length = code < 0x80 ? 1 : code >= 0xf0 ? 4 : code >= 0xe0 ? 3 : 2;
      let decoded: string | null = null;
      if (length > 1) decoded = decodeUtf8(run.slice(i, i + length * 3));
      else if (!IS_RESERVED[code]) decoded = String.fromCharCode(code);
      if (decoded !== null) text += decoded;
      else if (code < 0x80) text += run.slice(i, i + 3);
      else text += String.fromCharCode(NO_UTF8 + code);
      i += decoded === null ? 3 : length * 3;
    }
    return text;
  });
}

/** The character that a run of `%XX` stands for, or null where it isn't one of UTF-8. */
function decodeUtf8(run: string): string | null {
  const bytes = new Uint8Array(run.length / 3);
  for (let i = 0; i < bytes.length; i++) bytes[i] = percentDecoded(run, i * 3);
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}
