import { compareTexts, isTrue, sameValue, type Value } from "../values.ts";
import { fn, small, type TemplateFunction } from "./function.ts";
import { integerOf } from "./numbers.ts";
import { textsOf } from "./text.ts";

const list = fn("...any", (...values: Value[]) => values);
const first = fn("list", (values: Value[]) => values[0] ?? null);
const last = fn("list", (values: Value[]) => values.at(-1) ?? null);
const rest = fn("list", (values: Value[]) => (values.length === 0 ? null : values.slice(1)));
const initial = fn("list", (values: Value[]) => (values.length === 0 ? null : values.slice(0, -1)));
const append = fn("list any", (values: Value[], value: Value) => [...values, value]);
const prepend = fn("list any", (values: Value[], value: Value) => [value, ...values]);
const reverse = fn("list", (values: Value[]) => values.toReversed());
const uniq = fn("list", (values: Value[]) =>
  values.filter((value, i) => values.findIndex((other) => sameValue(other, value)) === i),
);
const without = fn("list ...any", (values: Value[], ...omitted: Value[]) =>
  values.filter((value) => !omitted.some((other) => sameValue(other, value))),
);
const has = fn("any any", (needle: Value, values: Value) => {
  if (values === null) return false;
  if (!Array.isArray(values)) throw new Error("has takes a list");
  return values.some((value) => sameValue(value, needle));
});
const slice = fn("list ...any", (values: Value[], ...bounds: Value[]) => {
  const [start = 0, end = values.length] = bounds.map((bound) => small(integerOf(bound)));
  if (start < 0 || end < start || end > values.length) throw new Error("slice bounds out of range");
  return values.slice(start, end);
});
const chunk = fn("int list", (size: bigint, values: Value[]) => {
  if (size < 1n) throw new Error("chunk takes a size above 0");
  const chunks: Value[] = [];
  for (let i = 0; i < values.length; i += small(size))
    chunks.push(values.slice(i, i + small(size)));
  return chunks;
});
const compact = fn("list", (values: Value[]) => values.filter(isTrue));

/** Lists, as sprig has them. */
export const LISTS: Readonly<Record<string, TemplateFunction>> = {
  list,
  tuple: list,
  first,
  mustFirst: first,
  last,
  mustLast: last,
  rest,
  mustRest: rest,
  initial,
  mustInitial: initial,
  append,
  mustAppend: append,
  push: append,
  mustPush: append,
  prepend,
  mustPrepend: prepend,
  concat: fn("...list", (...lists: Value[][]) => lists.flat(1)),
  reverse,
  mustReverse: reverse,
  uniq,
  mustUniq: uniq,
  without,
  mustWithout: without,
  has,
  mustHas: has,
  // Go's own `slice`, of texts too, has the name; sprig's has another order of what is given.
  mustSlice: slice,
  slice,
  chunk,
  mustChunk: chunk,
  compact,
  mustCompact: compact,
  sortAlpha: fn("any", (values: Value) => textsOf(values).sort(compareTexts)),
};
