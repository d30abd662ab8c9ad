import { byteLength, formatValue, quote, sliceBytes, type Value } from "../values.ts";
import { fn, small, type TemplateFunction } from "./function.ts";

/** Characters that one call may make. */
const MAX_REPEATED = 16 * 1024 * 1024;

/** Texts, as sprig has them. */
export const TEXT: Readonly<Record<string, TemplateFunction>> = {
  trim: fn("string", (text: string) => trimSpace(text)),
  trimAll: fn("string string", (cutset: string, text: string) => trimSet(text, cutset)),
  trimall: fn("string string", (cutset: string, text: string) => trimSet(text, cutset)),
  trimSuffix: fn("string string", (suffix: string, text: string) =>
    suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text,
  ),
  trimPrefix: fn("string string", (prefix: string, text: string) =>
    text.startsWith(prefix) ? text.slice(prefix.length) : text,
  ),
  upper: fn("string", (text: string) => text.toUpperCase()),
  lower: fn("string", (text: string) => text.toLowerCase()),
  title: fn("string", (text: string) =>
    text.replace(/(^|[^\p{L}\p{N}_])(\p{L})/gu, (_, before, first) => before + first.toUpperCase()),
  ),
  untitle: fn("string", (text: string) =>
    text.replace(/(^|\s)(\S)/gu, (_, before, first) => before + first.toLowerCase()),
  ),
  swapcase: fn("string", (text: string) => swapCase(text)),
  repeat: fn("int string", (count: bigint, text: string) => repeated(text, small(count))),
  substr: fn("int int string", (start: bigint, end: bigint, text: string) =>
    substr(text, small(start), small(end)),
  ),
  trunc: fn("int string", (count: bigint, text: string) => truncated(text, small(count))),
  abbrev: fn("int string", (width: bigint, text: string) => abbreviated(text, small(width))),
  nospace: fn("string", (text: string) => text.replace(/\s/gu, "")),
  initials: fn("string", (text: string) =>
    Array.from(text.matchAll(/(?:^|\s)(\S)/gu), ([, first]) => first).join(""),
  ),
  contains: fn("string string", (part: string, text: string) => text.includes(part)),
  hasPrefix: fn("string string", (prefix: string, text: string) => text.startsWith(prefix)),
  hasSuffix: fn("string string", (suffix: string, text: string) => text.endsWith(suffix)),
  quote: fn("...any", (...values: Value[]) =>
    present(values)
      .map((value) => quote(textOf(value)))
      .join(" "),
  ),
  squote: fn("...any", (...values: Value[]) =>
    present(values)
      .map((value) => `'${formatValue(value)}'`)
      .join(" "),
  ),
  cat: fn("...any", (...values: Value[]) => present(values).map(formatValue).join(" ")),
  indent: fn("int string", (spaces: bigint, text: string) => indented(text, small(spaces))),
  nindent: fn("int string", (spaces: bigint, text: string) => `\n${indented(text, small(spaces))}`),
  replace: fn("string string string", (old: string, now: string, text: string) =>
    text.split(old).join(now),
  ),
  plural: fn("string string int", (one: string, many: string, count: bigint) =>
    count === 1n ? one : many,
  ),
  join: fn("string any", (separator: string, value: Value) => textsOf(value).join(separator)),
  split: fn("string string", (text: string, separator: string) => parts(text, separator)),
  splitList: fn("string string", (separator: string, text: string) => parts(text, separator)),
  toString: fn("any", (value: Value) => textOf(value)),
  toStrings: fn("any", (value: Value) => textsOf(value)),
  normalize: fn("string", (text: string) => normalize(text)),
};

/** Traefik's name for what has one of its own: all but letters and digits becomes "-". */
export function normalize(text: string): string {
  return text
    .split(/[^\p{L}\p{N}]+/u)
    .filter((part) => part !== "")
    .join("-");
}

/** A value as sprig makes text of it. */
export function textOf(value: Value): string {
  return typeof value === "string" ? value : formatValue(value);
}

/** The elements of a list as texts, without nils; of anything else one text. */
export function textsOf(value: Value): string[] {
  if (value === null) return [];
  return Array.isArray(value) ? present(value).map(textOf) : [textOf(value)];
}

function present(values: readonly Value[]): Value[] {
  return values.filter((value) => value !== null);
}

function trimSpace(text: string): string {
  return text.replace(/^[\p{White_Space}]+|[\p{White_Space}]+$/gu, "");
}

function trimSet(text: string, cutset: string): string {
  const cut = new Set(cutset);
  const characters = [...text];
  let start = 0;
  let end = characters.length;
  while (start < end && cut.has(characters[start])) start++;
  while (end > start && cut.has(characters[end - 1])) end--;
  return characters.slice(start, end).join("");
}

function swapCase(text: string): string {
  return [...text]
    .map((char) => (char === char.toUpperCase() ? char.toLowerCase() : char.toUpperCase()))
    .join("");
}

function repeated(text: string, count: number): string {
  if (count < 0) throw new Error("negative count");
  if (text.length * count > MAX_REPEATED)
    throw new Error(`makes more than ${MAX_REPEATED} characters`);
  return text.repeat(count);
}

function substr(text: string, start: number, end: number): string {
  const length = byteLength(text);
  if (start < 0) {
    if (end < 0 || end > length) throw new Error("slice bounds out of range");
    return sliceBytes(text, 0, end);
  }
  const last = end < 0 || end > length ? length : end;
  if (start > last) throw new Error("slice bounds out of range");
  return sliceBytes(text, start, last);
}

function truncated(text: string, count: number): string {
  const length = byteLength(text);
  if (count < 0) return length + count > 0 ? sliceBytes(text, length + count) : text;
  return length > count ? sliceBytes(text, 0, count) : text;
}

function abbreviated(text: string, width: number): string {
  return width < 4 || byteLength(text) <= width ? text : `${sliceBytes(text, 0, width - 3)}...`;
}

function indented(text: string, spaces: number): string {
  const pad = repeated(" ", spaces);
  return pad + text.replaceAll("\n", `\n${pad}`);
}

function parts(text: string, separator: string): string[] {
  return separator === "" ? [...text] : text.split(separator);
}
