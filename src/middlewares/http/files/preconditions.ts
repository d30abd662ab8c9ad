import { parseHttpDate } from "../../../http/fields/http-date.ts";
import type { HeaderList } from "../../../wire/header-list.ts";

/** What tells one state of a file from another (RFC 9110 section 8.8). */
export interface Validators {
  /** Strong, with its quotes. */
  readonly etag: string;
  /** Whole seconds since the epoch, as Last-Modified has them. */
  readonly modified: number;
}

/** Answers that a GET or HEAD gets by its preconditions; 200 where they hold, or it has none. */
export type Precondition = 200 | 304 | 412;

/** Evaluates a request's preconditions, in the order of RFC 9110 section 13.2.2. */
export function precondition(headers: HeaderList, now: Validators): Precondition {
  const ifMatch = headers.get("if-match");
  if (ifMatch !== null) {
    if (!lists(ifMatch, now.etag, false)) return 412;
  } else {
    const unmodified = dateOf(headers, "if-unmodified-since");
    if (unmodified !== null && now.modified > unmodified) return 412;
  }
  const ifNoneMatch = headers.get("if-none-match");
  if (ifNoneMatch !== null) return lists(ifNoneMatch, now.etag, true) ? 304 : 200;
  const since = dateOf(headers, "if-modified-since");
  return since !== null && now.modified <= since ? 304 : 200;
}

/**
 * Whether a Range counts: there is no If-Range, or it names this very state (RFC 9110 section 13.1.5). A date
 * names none where the file might have changed once more within its second.
 */
export function rangeCounts(headers: HeaderList, now: Validators, clock = Date.now()): boolean {
  const ifRange = headers.get("if-range");
  if (ifRange === null) return true;
  if (ifRange.startsWith('"')) return ifRange === now.etag;
  const date = parseHttpDate(ifRange);
  return date !== null && date / 1000 === now.modified && clock / 1000 - now.modified >= 1;
}

/** In whole seconds; null where there is no date, or more than one. */
function dateOf(headers: HeaderList, name: string): number | null {
  const text = headers.get(name);
  const time = text === null ? null : parseHttpDate(text);
  return time === null ? null : time / 1000;
}

/** Whether a list of entity tags has that strong one, or is "*". Weak ones count only where the comparison is weak. */
function lists(field: string, etag: string, weak: boolean): boolean {
  if (field.trim() === "*") return true;
  for (const [, prefix, tag] of field.matchAll(/(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g))
    if (tag === etag && (weak || prefix === undefined)) return true;
  return false;
}
