import { compileGoRegexp } from "../../../rules/go-regexp.ts";
import type { Value } from "../values.ts";
import { fn, small, type TemplateFunction } from "./function.ts";

const match = fn("string string", (pattern: string, text: string) =>
  compileGoRegexp(pattern).test(text),
);
const find = fn(
  "string string",
  (pattern: string, text: string) => compileGoRegexp(pattern).find(text) ?? "",
);
const findAll = fn("string string int", (pattern: string, text: string, count: bigint) =>
  limited(spansIn(pattern, text), count).map(([start, end]) => text.slice(start, end)),
);
const replaceAll = fn(
  "string string string",
  (pattern: string, text: string, replacement: string) =>
    compileGoRegexp(pattern).replace(text, replacement),
);
const replaceAllLiteral = fn(
  "string string string",
  (pattern: string, text: string, replacement: string) =>
    compileGoRegexp(pattern).replace(text, replacement.replaceAll("$", "$$$$")),
);
const split = fn("string string int", (pattern: string, text: string, count: bigint) =>
  splitBy(pattern, text, small(count)),
);
const quoteMeta = fn("string", (text: string) => text.replace(/[\\.+*?()|[\]{}^$]/g, "\\$&"));

/** Regular expressions, as sprig has them, in Go's dialect. */
export const REGEXPS: Readonly<Record<string, TemplateFunction>> = {
  regexMatch: fn("string string", (pattern: string, text: string) => {
    try {
      return compileGoRegexp(pattern).test(text);
    } catch {
      return false;
    }
  }),
  mustRegexMatch: match,
  regexFind: find,
  mustRegexFind: find,
  regexFindAll: findAll,
  mustRegexFindAll: findAll,
  regexReplaceAll: replaceAll,
  mustRegexReplaceAll: replaceAll,
  regexReplaceAllLiteral: replaceAllLiteral,
  mustRegexReplaceAllLiteral: replaceAllLiteral,
  regexSplit: split,
  mustRegexSplit: split,
  regexQuoteMeta: quoteMeta,
};

function spansIn(pattern: string, text: string): readonly (readonly [number, number])[] {
  return compileGoRegexp(pattern).spans(text);
}

function limited<T>(list: readonly T[], count: bigint): readonly T[] {
  return count < 0n ? list : list.slice(0, small(count));
}

/** Go's Regexp.Split. */
function splitBy(pattern: string, text: string, count: number): Value[] {
  if (count === 0) return [];
  if (pattern !== "" && text === "") return [""];
  const parts: string[] = [];
  let from = 0;
  let end = 0;
  for (const [start, stop] of spansIn(pattern, text)) {
    if (count > 0 && parts.length === count - 1) break;
    end = start;
    if (stop !== 0) parts.push(text.slice(from, end));
    from = stop;
  }
  if (end !== text.length) parts.push(text.slice(from));
  return parts;
}
