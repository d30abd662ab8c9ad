import { RuleError } from "./rule-error.ts";

export type TokenKind = "name" | "string" | "(" | ")" | "," | "&&" | "||" | "!" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** A name as written, a string's value. */
  readonly text: string;
  /** Counts from 1. */
  readonly column: number;
}

const ESCAPES: Record<string, string> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

/** Splits a rule into tokens. Strings are in backticks (raw) or double quotes (Go's escapes). Throws RuleError. */
export function tokenize(rule: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const add = (kind: TokenKind, text: string, length: number) => {
    tokens.push({ kind, text, column: at + 1 });
    at += length;
  };
  while (at < rule.length) {
    const char = rule[at];
    const pair = rule.slice(at, at + 2);
    if (char === " " || char === "\t" || char === "\n" || char === "\r") at++;
    else if (char === "(" || char === ")" || char === "," || char === "!") add(char, char, 1);
    else if (pair === "&&" || pair === "||") add(pair, pair, 2);
    else if (char === "`") {
      const end = rule.indexOf("`", at + 1);
      if (end < 0) throw new RuleError("a string without its closing `", rule, at + 1);
      add("string", rule.slice(at + 1, end), end + 1 - at);
    } else if (char === '"') {
      const { value, end } = quoted(rule, at);
      add("string", value, end - at);
    } else {
      const name = /^[A-Za-z_][A-Za-z0-9_]*/.exec(rule.slice(at, at + 64))?.[0];
      if (name === undefined)
        throw new RuleError(`unexpected ${JSON.stringify(char)}`, rule, at + 1);
      add("name", name, name.length);
    }
  }
  add("end", "", 0);
  return tokens;
}

/** A double-quoted string of Go's, from its opening quote. */
function quoted(rule: string, start: number): { value: string; end: number } {
  let value = "";
  let at = start + 1;
  for (;;) {
    const char = rule[at];
    if (char === undefined || char === "\n")
      throw new RuleError('a string without its closing "', rule, start + 1);
    if (char === '"') return { value, end: at + 1 };
    if (char !== "\\") {
      value += char;
      at++;
      continue;
    }
    const code = /^\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/.exec(
      rule.slice(at, at + 10),
    );
    const escaped = rule[at + 1];
    if (code !== null) {
      const [whole, hex, short, long, octal] = code;
      const point =
        octal !== undefined ? Number.parseInt(octal, 8) : Number.parseInt(hex ?? short ?? long, 16);
      if (point > 0x10ffff)
        throw new RuleError(`the escape ${whole} is no character`, rule, at + 1);
      value += String.fromCodePoint(point);
      at += whole.length;
    } else if (escaped !== undefined && Object.hasOwn(ESCAPES, escaped)) {
      value += ESCAPES[escaped];
      at += 2;
    } else {
      throw new RuleError(`unknown escape \\${escaped ?? ""}`, rule, at + 1);
    }
  }
}
