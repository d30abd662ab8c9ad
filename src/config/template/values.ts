/**
 * What a template works on, as Go sees it: bigints are its integers, numbers its floats, null its nil
 * and what isn't there.
 */
export type Value = null | boolean | string | bigint | number | Value[] | GoMap;

/** A Go map with text for keys. What isn't in it is its zero: nil in one of all kinds, "" in one of texts. */
export class GoMap {
  readonly entries: Map<string, Value>;
  readonly zero: Value;
  /** It stands for a Go struct: a field that it doesn't have is a mistake. */
  readonly isStruct: boolean;

  constructor(
    entries: Iterable<readonly [string, Value]> = [],
    zero: Value = null,
    isStruct = false,
  ) {
    this.entries = new Map(entries);
    this.zero = zero;
    this.isStruct = isStruct;
  }

  get(key: string): Value {
    return this.entries.get(key) ?? this.zero;
  }

  /** Sorted, as Go goes through maps in templates. */
  keys(): string[] {
    return [...this.entries.keys()].sort(compareTexts);
  }
}

/** By bytes of UTF-8, which is by code points. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < left.length && i < right.length; i++) {
    const difference = left[i].codePointAt(0)! - right[i].codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Plain data as values: whole numbers are integers. */
export function toValue(data: unknown): Value {
  if (data === null || data === undefined) return null;
  if (typeof data === "boolean" || typeof data === "string" || typeof data === "bigint")
    return data;
  if (typeof data === "number") return Number.isSafeInteger(data) ? BigInt(data) : data;
  if (data instanceof GoMap) return data;
  if (Array.isArray(data)) return data.map(toValue);
  return new GoMap(Object.entries(data as object).map(([key, child]) => [key, toValue(child)]));
}

export type Kind = "invalid" | "bool" | "string" | "int" | "float64" | "slice" | "map";

/** Go's reflect.Kind, as far as there are values of it. */
export function kindOf(value: Value): Kind {
  if (value === null) return "invalid";
  if (Array.isArray(value)) return "slice";
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "string":
      return "string";
    case "bigint":
      return "int";
    case "number":
      return "float64";
    default:
      return "map";
  }
}

/** Go's name of a value's type. */
export function typeOf(value: Value): string {
  const kind = kindOf(value);
  switch (kind) {
    case "invalid":
      return "<nil>";
    case "slice":
      return "[]interface {}";
    case "map":
      return (value as GoMap).zero === "" ? "map[string]string" : "map[string]interface {}";
    default:
      return kind;
  }
}

/** What `if` goes by: false for nil, false, zero, and what has nothing in it. */
export function isTrue(value: Value): boolean {
  if (value === null) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof GoMap) return value.entries.size > 0;
  return Boolean(value);
}

/** Go's `%v`. */
export function formatValue(value: Value): string {
  if (value === null) return "<nil>";
  if (typeof value === "number") return formatFloat(value);
  if (Array.isArray(value)) return `[${value.map(formatValue).join(" ")}]`;
  if (value instanceof GoMap) {
    const pairs = value.keys().map((key) => `${key}:${formatValue(value.get(key))}`);
    return `map[${pairs.join(" ")}]`;
  }
  return String(value);
}

/** Go's `%v` of a float64: the shortest digits; by default with an exponent below 1e-4 and from 1e6. */
export function formatFloat(value: number, exponentFrom = 6, exponentBelow = -4): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "+Inf" : "-Inf";
  if (Object.is(value, -0)) return "-0";
  const [digits, power] = value.toExponential().split("e");
  const exponent = Number(power);
  if (value === 0 || (exponent >= exponentBelow && exponent < exponentFrom))
    return plainDigits(digits, exponent);
  return `${digits}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** `1.5` and 2 are "150". */
function plainDigits(mantissa: string, exponent: number): string {
  const sign = mantissa.startsWith("-") ? "-" : "";
  const [whole, fraction = ""] = mantissa.replace("-", "").split(".");
  const digits = whole + fraction;
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  if (exponent + 1 >= digits.length) return sign + digits.padEnd(exponent + 1, "0");
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

/** Go's strconv.Quote. */
export function quote(text: string): string {
  let quoted = "";
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (char === '"' || char === "\\") quoted += `\\${char}`;
    else if (Object.hasOwn(NAMED, char)) quoted += NAMED[char];
    else if (code < 0x20 || code === 0x7f) quoted += `\\x${hex(code, 2)}`;
    else if (/[\p{C}\p{Z}]/u.test(char) && char !== " ")
      quoted += code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
    else quoted += char;
  }
  return `"${quoted}"`;
}

const NAMED: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, "0");
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes of UTF-8, which Go counts texts in. */
export function byteLength(text: string): number {
  return isAscii(text) ? text.length : encoder.encode(text).length;
}

/** A part of a text by bytes; half of a character is "�". */
export function sliceBytes(text: string, start: number, end?: number): string {
  if (isAscii(text)) return text.slice(start, end);
  return decoder.decode(encoder.encode(text).slice(start, end));
}

function isAscii(text: string): boolean {
  return /^[\x00-\x7f]*$/.test(text);
}

/** The same data; what has parts is compared by them. */
export function sameValue(a: Value, b: Value): boolean {
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i]));
  if (a instanceof GoMap)
    return (
      b instanceof GoMap &&
      a.entries.size === b.entries.size &&
      [...a.entries].every(([key, value]) => b.entries.has(key) && sameValue(value, b.get(key)))
    );
  return a === b;
}
