import { isTrue, kindOf, sameValue, typeOf, type Value } from "../values.ts";
import { fn, type TemplateFunction } from "./function.ts";

/** Defaults, choices and types, as sprig has them. */
export const LOGIC: Readonly<Record<string, TemplateFunction>> = {
  default: fn("any ...any", (preset: Value, ...given: Value[]) =>
    given.length === 0 || !isTrue(given[0]) ? preset : given[0],
  ),
  empty: fn("any", (value: Value) => !isTrue(value)),
  coalesce: fn("...any", (...values: Value[]) => values.find(isTrue) ?? null),
  all: fn("...any", (...values: Value[]) => values.every(isTrue)),
  any: fn("...any", (...values: Value[]) => values.some(isTrue)),
  ternary: fn("any any bool", (yes: Value, no: Value, condition: boolean) =>
    condition ? yes : no,
  ),
  fail: fn("string", (message: string) => {
    throw new Error(message);
  }),
  typeOf: fn("any", (value: Value) => typeOf(value)),
  typeIs: fn("string any", (name: string, value: Value) => typeOf(value) === name),
  typeIsLike: fn(
    "string any",
    (name: string, value: Value) => typeOf(value) === name || `*${name}` === typeOf(value),
  ),
  kindOf: fn("any", (value: Value) => kindOf(value)),
  kindIs: fn("string any", (name: string, value: Value) => kindOf(value) === name),
  deepEqual: fn("any any", (a: Value, b: Value) => sameValue(a, b)),
};
