import { sprint, sprintf } from "../printf.ts";
import {
  byteLength,
  compareTexts,
  formatValue,
  GoMap,
  isTrue,
  kindOf,
  sliceBytes,
  typeOf,
  type Value,
} from "../values.ts";
import { fn, type TemplateFunction } from "./function.ts";

/** The functions that Go's text/template has itself. `and` and `or` are the executor's. */
export const BUILTINS: Readonly<Record<string, TemplateFunction>> = {
  not: fn("any", (value: Value) => !isTrue(value)),
  eq: fn("any ...any", (first: Value, ...others: Value[]) => {
    if (others.length === 0) throw new Error("missing argument for comparison");
    return others.some((other) => equal(first, other));
  }),
  ne: fn("any any", (a: Value, b: Value) => !equal(a, b)),
  lt: fn("any any", (a: Value, b: Value) => less(a, b)),
  le: fn("any any", (a: Value, b: Value) => less(a, b) || equal(a, b)),
  gt: fn("any any", (a: Value, b: Value) => !less(a, b) && !equal(a, b)),
  ge: fn("any any", (a: Value, b: Value) => !less(a, b)),
  len: fn("any", (value: Value) => BigInt(lengthOf(value))),
  index: fn("any ...any", (value: Value, ...keys: Value[]) => keys.reduce(at, value)),
  slice: fn("any ...any", (value: Value, ...bounds: Value[]) => slice(value, bounds)),
  print: fn("...any", (...values: Value[]) => sprint(values)),
  println: fn("...any", (...values: Value[]) => `${values.map(formatValue).join(" ")}\n`),
  printf: fn("string ...any", (format: string, ...values: Value[]) => sprintf(format, values)),
  html: fn("...any", (...values: Value[]) => escaped(sprint(values), HTML)),
  js: fn("...any", (...values: Value[]) => escapedForScripts(sprint(values))),
  urlquery: fn("...any", (...values: Value[]) => queryEscaped(sprint(values))),
};

function equal(a: Value, b: Value): boolean {
  if (a === null || b === null) return a === b;
  for (const value of [a, b]) {
    if (typeof value === "object" && value !== null)
      throw new Error(`non-comparable type ${typeOf(value)}`);
  }
  if (kindOf(a) !== kindOf(b))
    throw new Error(`incompatible types for comparison: ${typeOf(a)} and ${typeOf(b)}`);
  return a === b;
}

function less(a: Value, b: Value): boolean {
  const kind = kindOf(a);
  if (kind !== "string" && kind !== "int" && kind !== "float64")
    throw new Error(`invalid type for comparison: ${typeOf(a)}`);
  if (kindOf(b) !== kind)
    throw new Error(`incompatible types for comparison: ${typeOf(a)} and ${typeOf(b)}`);
  return kind === "string"
    ? compareTexts(a as string, b as string) < 0
    : (a as number) < (b as number);
}

function lengthOf(value: Value): number {
  if (typeof value === "string") return byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (value instanceof GoMap) return value.entries.size;
  throw new Error(`len of ${value === null ? "nil" : typeOf(value)}`);
}

function at(value: Value, key: Value): Value {
  if (value instanceof GoMap) {
    if (typeof key !== "string")
      throw new Error(`index of a map takes a string, found ${typeOf(key)}`);
    return value.get(key);
  }
  if (!Array.isArray(value) && typeof value !== "string")
    throw new Error(value === null ? "index of nil" : `can't index item of type ${typeOf(value)}`);
  const place = placeIn(key, lengthOf(value) - 1);
  return Array.isArray(value) ? value[place] : BigInt(new TextEncoder().encode(value)[place]);
}

function placeIn(key: Value, last: number): number {
  if (typeof key !== "bigint") throw new Error(`index takes an integer, found ${typeOf(key)}`);
  if (key < 0n || key > BigInt(last)) throw new Error(`index out of range: ${key}`);
  return Number(key);
}

function slice(value: Value, bounds: readonly Value[]): Value {
  if (typeof value !== "string" && !Array.isArray(value))
    throw new Error(`can't slice item of type ${typeOf(value)}`);
  const length = lengthOf(value);
  const places = bounds.map((bound) => placeIn(bound, length));
  const [start = 0, end = length] = places;
  if (places.length > 2 || start > end) throw new Error("slice takes a start and an end behind it");
  return typeof value === "string" ? sliceBytes(value, start, end) : value.slice(start, end);
}

const HTML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
  "\0": "\uFFFD",
};

function escaped(text: string, marks: Readonly<Record<string, string>>): string {
  return text.replace(/[&<>"'\0]/g, (mark) => marks[mark]);
}

function escapedForScripts(text: string): string {
  return text.replace(/[\\'"<>&=\x00-\x1f\x7f-\x9f\u2028\u2029]/g, (mark) =>
    /[\\'"]/.test(mark)
      ? `\\${mark}`
      : `\\u${mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`,
  );
}

/** Go's url.QueryEscape. */
export function queryEscaped(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}
