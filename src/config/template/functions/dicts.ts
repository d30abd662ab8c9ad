import { GoMap, isTrue, type Value } from "../values.ts";
import { fn, small, type TemplateFunction } from "./function.ts";
import { textOf } from "./text.ts";

const deepCopy = fn("any", (value: Value) => copied(value));
const dict = fn("...any", (...values: Value[]) => {
  const map = new GoMap();
  for (let i = 0; i < values.length; i += 2)
    map.entries.set(textOf(values[i]), i + 1 < values.length ? values[i + 1] : "");
  return map;
});
const merge = fn("map ...map", (target: GoMap, ...sources: GoMap[]) => {
  for (const source of sources) merged(target, source, false);
  return target;
});
const mergeOverwrite = fn("map ...map", (target: GoMap, ...sources: GoMap[]) => {
  for (const source of sources) merged(target, source, true);
  return target;
});

/** Maps, as sprig has them. Keys and values come in the order of the keys, in sprig in any order. */
export const DICTS: Readonly<Record<string, TemplateFunction>> = {
  dict,
  get: fn("map string", (map: GoMap, key: string) => (map.entries.has(key) ? map.get(key) : "")),
  set: fn("map string any", (map: GoMap, key: string, value: Value) => {
    map.entries.set(key, value);
    return map;
  }),
  unset: fn("map string", (map: GoMap, key: string) => {
    map.entries.delete(key);
    return map;
  }),
  hasKey: fn("map string", (map: GoMap, key: string) => map.entries.has(key)),
  pluck: fn("string ...map", (key: string, ...maps: GoMap[]) =>
    maps.filter((map) => map.entries.has(key)).map((map) => map.get(key)),
  ),
  keys: fn("...map", (...maps: GoMap[]) => maps.flatMap((map) => map.keys())),
  values: fn("map", (map: GoMap) => map.keys().map((key) => map.get(key))),
  pick: fn(
    "map ...string",
    (map: GoMap, ...keys: string[]) =>
      new GoMap(keys.filter((key) => map.entries.has(key)).map((key) => [key, map.get(key)])),
  ),
  omit: fn(
    "map ...string",
    (map: GoMap, ...keys: string[]) =>
      new GoMap([...map.entries].filter(([key]) => !keys.includes(key))),
  ),
  dig: fn("any any any ...any", (...values: Value[]) => dig(values)),
  merge,
  mustMerge: merge,
  mergeOverwrite,
  mustMergeOverwrite: mergeOverwrite,
  deepCopy,
  mustDeepCopy: deepCopy,
  splitn: fn(
    "string int string",
    (separator: string, count: bigint, text: string) =>
      new GoMap(
        splitAtMost(text, separator, small(count)).map((part, i) => [`_${i}`, part]),
        "",
      ),
  ),
};

/** Go's strings.SplitN. */
export function splitAtMost(text: string, separator: string, count: number): string[] {
  if (count === 0) return [];
  const parts = separator === "" ? [...text] : text.split(separator);
  if (count < 0 || parts.length <= count) return parts;
  return [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)];
}

/** Names, then what stands for what isn't there, then the map. */
function dig(values: Value[]): Value {
  const map = values.at(-1) as Value;
  const preset = values.at(-2) as Value;
  let at = map;
  for (const name of values.slice(0, -2)) {
    if (!(at instanceof GoMap)) throw new Error("dig takes maps in maps");
    if (!at.entries.has(textOf(name))) return preset;
    at = at.get(textOf(name));
  }
  return at;
}

function merged(target: GoMap, source: GoMap, overwrites: boolean): void {
  for (const [key, value] of source.entries) {
    const before = target.entries.get(key);
    if (before instanceof GoMap && value instanceof GoMap) merged(before, value, overwrites);
    else if (before === undefined || (overwrites ? isTrue(value) : !isTrue(before)))
      target.entries.set(key, value);
  }
}

function copied(value: Value): Value {
  if (Array.isArray(value)) return value.map(copied);
  if (!(value instanceof GoMap)) return value;
  return new GoMap(
    [...value.entries].map(([key, child]) => [key, copied(child)]),
    value.zero,
  );
}
