import { FieldId } from "../../../wire/field-names.ts";
import type { HeaderList } from "../../../wire/header-list.ts";
import { type Directives, readDirectives } from "./directives.ts";

/** What a request says that a cache has to know. */
export interface RequestFacts {
  /** By Cache-Control, or by Pragma where there is none. */
  readonly directives: Directives;
  readonly range: string | null;
  readonly ifRange: string | null;
  readonly ifNoneMatch: string | null;
  readonly ifModifiedSince: string | null;
  /** Only the server can tell what is asked: nothing is kept or given. */
  readonly bypasses: boolean;
}

/**
 * Fields that make a request another one to some servers, though its method and URL stay: with them a cache
 * could be made to keep what others don't ask for.
 */
const OVERRIDES = new Set([
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  "x-original-url",
  "x-rewrite-url",
]);

/** If-Match and If-Unmodified-Since are about what the server has, not about what a cache has. */
const CONDITIONS = new Set(["if-match", "if-unmodified-since"]);

const OF_INTEREST = new Set([
  ...OVERRIDES,
  ...CONDITIONS,
  "range",
  "if-range",
  "if-none-match",
  "if-modified-since",
  "pragma",
]);
const LENGTHS = new Uint8Array(64);
for (const name of OF_INTEREST) LENGTHS[name.length] = 1;
/** What such a name begins with: I, P, R, X in any case. */
const FIRST = new Set([..."iprxIPRX"].map((letter) => letter.charCodeAt(0)));

/** Null where it says nothing of that kind, as most do: one look at each field, and no text is made. */
export function requestFacts(list: HeaderList): RequestFacts | null {
  for (let i = 0, slots = list.slots; i < slots; i++) {
    const id = list.idAt(i);
    if (id === FieldId.cacheControl) return allFacts(list);
    if (id !== FieldId.other) continue;
    const length = list.nameLengthAt(i);
    if (length >= 64 || LENGTHS[length] === 0 || !FIRST.has(list.nameCodeAt(i, 0))) continue;
    if (OF_INTEREST.has(list.nameAt(i).toLowerCase())) return allFacts(list);
  }
  return null;
}

function allFacts(list: HeaderList): RequestFacts {
  let bypasses = false;
  for (const name of OVERRIDES) bypasses ||= list.has(name);
  for (const name of CONDITIONS) bypasses ||= list.has(name);
  const control = list.get("cache-control");
  const pragma = control === null && /\bno-cache\b/i.test(list.get("pragma") ?? "");
  return {
    directives: readDirectives(pragma ? "no-cache" : control),
    range: list.get("range"),
    ifRange: list.first("if-range"),
    ifNoneMatch: list.get("if-none-match"),
    ifModifiedSince: list.first("if-modified-since"),
    bypasses,
  };
}
