import { RuleError } from "./rule-error.ts";

export type TokenKind = "name" | "string" | "(" | ")" | "," | "&&" | "||" | "!" | "end";

export interface Token {
  readonly kind: TokenKind;
  /** A name as written, a string's value. */
  readonly text: string;
  /** Counts from 1. */
  readonly column: number;
}

const SPACE = /(?:[ \t\r\n]|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const NAME = /[\p{L}_][\p{L}\p{Nd}_]*/uy;
const OPERATOR = /&&|\|\||[!(),]/y;
const RAW_STRING = /`([^`]*)`/y;
const QUOTED_STRING = /"([^"\\\n]*(?:\\[^\n][^"\\\n]*)*)"/y;

/**
 * Splits a rule into tokens as Go's scanner does, which Traefik's rules go through: strings are raw
 * in backticks or have Go's escapes in double quotes, comments are left out. A line may end
 * anywhere, where Go wants the operator before the line's end. Throws RuleError.
 */
export function tokenize(rule: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(rule);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    take(SPACE);
    const column = at + 1;
    if (at === rule.length) {
      tokens.push({ kind: "end", text: "", column });
      return tokens;
    }
    let match: RegExpExecArray | null;
    if ((match = take(NAME)) !== null) {
      tokens.push({ kind: "name", text: match[0], column });
    } else if ((match = take(OPERATOR)) !== null) {
      tokens.push({ kind: match[0] as TokenKind, text: match[0], column });
    } else if ((match = take(RAW_STRING)) !== null) {
      tokens.push({ kind: "string", text: match[1].replaceAll("\r", ""), column });
    } else if ((match = take(QUOTED_STRING)) !== null) {
      tokens.push({ kind: "string", text: unquote(match[1], rule, column + 1), column });
    } else {
      const char = String.fromCodePoint(rule.codePointAt(at)!);
      if (char === "`" || char === '"')
        throw new RuleError(`a string without its closing ${char}`, rule, column);
      if (char === "'")
        throw new RuleError("strings are in backticks or double quotes, found '", rule, column);
      throw new RuleError(`unexpected ${JSON.stringify(char)}`, rule, column);
    }
  }
}

const ESCAPE =
  /\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([abfnrtv\\"]))/y;
const ESCAPED: Record<string, string> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The value of what stands between double quotes; `column` is where it begins. */
function unquote(text: string, rule: string, column: number): string {
  if (!text.includes("\\")) return text;
  // Escapes like \xc3 are bytes of UTF-8 and not characters.
  const bytes: number[] = [];
  for (let at = 0; at < text.length; ) {
    if (text[at] !== "\\") {
      const next = text.indexOf("\\", at);
      const end = next < 0 ? text.length : next;
      for (const byte of encoder.encode(text.slice(at, end))) bytes.push(byte);
      at = end;
      continue;
    }
    ESCAPE.lastIndex = at;
    const match = ESCAPE.exec(text);
    if (match === null) throw new RuleError(`unknown escape \\${text[at + 1]}`, rule, column + at);
    const [whole, hex, octal, short, long, letter] = match;
    const byte = hex !== undefined ? Number.parseInt(hex, 16) : Number.parseInt(octal, 8);
    const point = Number.parseInt(short ?? long, 16);
    if (letter !== undefined) bytes.push(ESCAPED[letter].charCodeAt(0));
    else if (byte <= 0xff) bytes.push(byte);
    else if (point <= 0x10ffff && (point < 0xd800 || point > 0xdfff)) {
      for (const each of encoder.encode(String.fromCodePoint(point))) bytes.push(each);
    } else throw new RuleError(`the escape ${whole} is no character`, rule, column + at);
    at += whole.length;
  }
  try {
    return decoder.decode(Uint8Array.from(bytes));
  } catch {
    throw new RuleError("the escapes of this string give no UTF-8", rule, column - 1);
  }
}
