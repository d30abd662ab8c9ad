/** The directives of a Cache-Control field, names in lower case; "" for one without an argument. */
export type Directives = ReadonlyMap<string, string>;

const NONE: Directives = new Map();

/** A member of the list: a token, and perhaps a token or a quoted string. */
const MEMBER =
  /\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*))?[^,]*(?:,|$)/y;

/** Larger numbers are as large as this one (RFC 9111 section 1.2.2). */
export const MOST_SECONDS = 2 ** 31;

/**
 * Reads a Cache-Control field. Of a directive that comes twice with different arguments the shorter time counts,
 * and one without an argument before one with some (RFC 9111 section 4.2.1: err on the side of stale).
 */
export function readDirectives(field: string | null): Directives {
  if (field === null || field === "") return NONE;
  const found = new Map<string, string>();
  const pattern = new RegExp(MEMBER);
  while (pattern.lastIndex < field.length) {
    const from = pattern.lastIndex;
    const match = pattern.exec(field);
    if (match === null) {
      const comma = field.indexOf(",", from);
      if (comma < 0) break;
      pattern.lastIndex = comma + 1;
      continue;
    }
    const name = match[1].toLowerCase();
    const text = match[2] ?? "";
    const value = text.startsWith('"') ? text.slice(1, -1).replace(/\\(.)/g, "$1") : text;
    const before = found.get(name);
    if (before === undefined || value === "" || Number(value) < Number(before) || !isNumber(value))
      found.set(name, value);
  }
  return found;
}

/** Seconds that a directive gives; undefined where it isn't there, 0 where it gives no number. */
export function secondsOf(directives: Directives, name: string): number | undefined {
  const value = directives.get(name);
  if (value === undefined) return undefined;
  return isNumber(value) ? Math.min(Number(value), MOST_SECONDS) : 0;
}

function isNumber(value: string): boolean {
  return /^\d+$/.test(value);
}
