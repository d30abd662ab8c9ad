import { formatValue, type Value } from "../values.ts";
import { fn, type TemplateFunction } from "./function.ts";

/** Elements that one call may make. */
const MAX_LIST = 100_000;

/** Numbers, as sprig has them. Integers have 64 bits. */
export const NUMBERS: Readonly<Record<string, TemplateFunction>> = {
  int: fn("any", (value: Value) => integerOf(value)),
  int64: fn("any", (value: Value) => integerOf(value)),
  float64: fn("any", (value: Value) => floatOf(value)),
  atoi: fn("string", (text: string) =>
    /^[+-]?\d+$/.test(text) ? BigInt(text.replace("+", "")) : 0n,
  ),
  toDecimal: fn("any", (value: Value) => {
    const digits = formatValue(value);
    return /^[0-7]+$/.test(digits) ? BigInt(`0o${digits}`) : 0n;
  }),
  add1: fn("any", (value: Value) => wrap(integerOf(value) + 1n)),
  add: fn("...any", (...values: Value[]) =>
    values.reduce<bigint>((sum, value) => wrap(sum + integerOf(value)), 0n),
  ),
  sub: fn("any any", (a: Value, b: Value) => wrap(integerOf(a) - integerOf(b))),
  mul: fn("any ...any", (first: Value, ...others: Value[]) =>
    others.reduce<bigint>((product, value) => wrap(product * integerOf(value)), integerOf(first)),
  ),
  div: fn("any any", (a: Value, b: Value) => wrap(integerOf(a) / divisor(b))),
  mod: fn("any any", (a: Value, b: Value) => integerOf(a) % divisor(b)),
  max: fn("any ...any", (...values: Value[]) => best(values, (a, b) => a > b)),
  biggest: fn("any ...any", (...values: Value[]) => best(values, (a, b) => a > b)),
  min: fn("any ...any", (...values: Value[]) => best(values, (a, b) => a < b)),
  maxf: fn("any ...any", (...values: Value[]) => Math.max(...values.map(floatOf))),
  minf: fn("any ...any", (...values: Value[]) => Math.min(...values.map(floatOf))),
  ceil: fn("any", (value: Value) => Math.ceil(floatOf(value))),
  floor: fn("any", (value: Value) => Math.floor(floatOf(value))),
  round: fn("any int", (value: Value, places: bigint) => rounded(floatOf(value), Number(places))),
  until: fn("int", (count: bigint) => sequence(0n, count, count < 0n ? -1n : 1n)),
  untilStep: fn("int int int", sequence),
  seq: fn("...int", (...values: bigint[]) => inclusive(values).map(formatValue).join(" ")),
};

function wrap(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

/** What a processor makes of a float that no integer holds. */
const OVERFLOWN = -(2n ** 63n);

/** What can't be read as a number is 0. */
export function integerOf(value: Value): bigint {
  switch (typeof value) {
    case "bigint":
      return value;
    case "number":
      return Math.abs(value) < 2 ** 63 ? BigInt(Math.trunc(value)) : OVERFLOWN;
    case "boolean":
      return value ? 1n : 0n;
    case "string":
      return integerIn(value);
    default:
      return 0n;
  }
}

/** Leading zeros are none of an octal number, as in Go's cast library. */
function integerIn(text: string): bigint {
  const match = /^([+-]?)(0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|\d+)(\.0*)?$/.exec(text);
  if (match === null) return 0n;
  const [, sign, digits] = match;
  const value = BigInt(digits);
  if (value >= 2n ** 63n) return 0n;
  return sign === "-" ? -value : value;
}

function floatOf(value: Value): number {
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string" || !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value)) return 0;
  return Number(value);
}

function divisor(value: Value): bigint {
  const integer = integerOf(value);
  if (integer === 0n) throw new Error("integer divide by zero");
  return integer;
}

function best(values: readonly Value[], better: (a: bigint, b: bigint) => boolean): bigint {
  return values.map(integerOf).reduce((found, value) => (better(value, found) ? value : found));
}

/** Half away from zero above. */
function rounded(value: number, places: number): number {
  const power = 10 ** places;
  const digit = power * value;
  const part = digit - Math.trunc(digit);
  return (part >= 0.5 ? Math.ceil(digit) : Math.floor(digit)) / power;
}

function sequence(start: bigint, stop: bigint, step: bigint): bigint[] {
  const list: bigint[] = [];
  if (step === 0n || (step > 0n ? stop < start : stop > start)) return list;
  for (let i = start; step > 0n ? i < stop : i > stop; i += step) {
    if (list.length === MAX_LIST) throw new Error(`makes more than ${MAX_LIST} elements`);
    list.push(i);
  }
  return list;
}

/** `seq last`, `seq first last`, `seq first step last`. */
function inclusive(values: readonly bigint[]): bigint[] {
  const [first, step, last] =
    values.length === 1
      ? [1n, values[0] < 1n ? -1n : 1n, values[0]]
      : values.length === 2
        ? [values[0], values[1] < values[0] ? -1n : 1n, values[1]]
        : values;
  if (values.length === 0 || values.length > 3 || (last < first && step > 0n)) return [];
  return sequence(first, last + (last < first ? -1n : 1n), step);
}
