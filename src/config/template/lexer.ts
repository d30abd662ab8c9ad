import { TemplateError } from "./template-error.ts";

export type TokenKind =
  | "text"
  | "left"
  | "right"
  | "space"
  | "word"
  | "field"
  | "variable"
  | "number"
  | "char"
  | "string"
  | "mark"
  | "end";

export interface Token {
  readonly kind: TokenKind;
  /** As written; of strings what they stand for, of fields and variables the name alone. */
  readonly text: string;
  readonly offset: number;
}

const LEFT = "{{";
const RIGHT = "}}";
const COMMENT = /(?:- )?\/\*/y;
const NUMBER =
  /[+-]?(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[\d_]*\.?[\d_]+(?:[eE][+-]?\d+)?|[\d_]+\.(?:[eE][+-]?\d+)?)/y;
const WORD = /[\p{L}\p{Nd}_]+/uy;

/** Splits a template of Go's text/template into tokens. Throws TemplateError. */
export function tokenize(source: string): Token[] {
  return new Lexer(source).tokens();
}

class Lexer {
  private readonly source: string;
  private readonly found: Token[] = [];
  private at = 0;
  /** Parentheses that are open. */
  private depth = 0;

  constructor(source: string) {
    this.source = source;
  }

  tokens(): Token[] {
    let trim = false;
    while (this.at < this.source.length) {
      const start = this.source.indexOf(LEFT, this.at);
      const end = start < 0 ? this.source.length : start;
      const trimsLeft = start >= 0 && /^-[ \t\r\n]/.test(this.source.slice(start + 2, start + 4));
      this.text(this.at, end, trim, trimsLeft);
      if (start < 0) {
        this.at = end;
        break;
      }
      trim = this.action(start);
    }
    this.push("end", "", this.source.length);
    return this.found;
  }

  private text(start: number, end: number, trimStart: boolean, trimEnd: boolean): void {
    let from = start;
    let to = end;
    if (trimStart) while (from < to && isSpace(this.source[from])) from++;
    if (trimEnd) while (to > from && isSpace(this.source[to - 1])) to--;
    if (to > from) this.push("text", this.source.slice(from, to), from);
  }

  /** From `{{` to behind `}}`; true where the text behind it loses its white space. */
  private action(start: number): boolean {
    this.at = start + LEFT.length;
    COMMENT.lastIndex = this.at;
    if (COMMENT.test(this.source)) return this.comment(start, COMMENT.lastIndex);
    this.push("left", LEFT, start);
    if (/^-[ \t\r\n]/.test(this.source.slice(this.at, this.at + 2))) this.at += 1;
    for (;;) {
      if (this.at >= this.source.length) throw this.error("expected }}, found the end", start);
      if (isSpace(this.source[this.at]) && this.source.startsWith(`-${RIGHT}`, this.at + 1)) {
        this.close(this.at, 2 + RIGHT.length);
        return true;
      }
      if (this.source.startsWith(RIGHT, this.at)) {
        this.close(this.at, RIGHT.length);
        return false;
      }
      this.inside();
    }
  }

  private close(offset: number, length: number): void {
    if (this.depth > 0) throw this.error("expected ), found }}", offset);
    this.push("right", RIGHT, offset);
    this.at = offset + length;
  }

  private comment(start: number, bodyStart: number): boolean {
    const end = this.source.indexOf("*/", bodyStart);
    if (end < 0) throw this.error("expected */ that ends the comment, found the end", start);
    const behind = /^(?:[ \t\r\n]-)?\}\}/.exec(this.source.slice(end + 2, end + 6));
    if (behind === null) throw this.error("expected }} behind the comment", end + 2);
    this.at = end + 2 + behind[0].length;
    return behind[0].length > RIGHT.length;
  }

  private inside(): void {
    const start = this.at;
    const char = this.source[start];
    const next = this.source[start + 1] ?? "";
    if (isSpace(char)) {
      while (isSpace(this.source[this.at]) && !this.source.startsWith(`-${RIGHT}`, this.at + 1))
        this.at++;
      this.push("space", " ", start);
    } else if (char === '"') this.quoted();
    else if (char === "`") this.raw();
    else if (char === "'") this.character();
    else if (char === "$") this.named("variable", 1);
    else if (char === "." && !/\d/.test(next)) this.named("field", 1);
    else if (/[\d.]/.test(char) || (/[+-]/.test(char) && /[\d.]/.test(next))) this.number();
    else if (char === ":" && next === "=") this.mark(":=");
    else if ("=|(),".includes(char)) this.mark(char);
    else {
      const word = this.take(WORD);
      if (word === "") throw this.error(`unexpected ${JSON.stringify(char)}`, start);
      this.terminated(word);
      this.push("word", word, start);
    }
  }

  private mark(text: string): void {
    if (text === "(") this.depth++;
    if (text === ")" && --this.depth < 0) throw this.error("unexpected )", this.at);
    this.push("mark", text, this.at);
    this.at += text.length;
  }

  /** `.name` and `$name`; a name may be missing. */
  private named(kind: "field" | "variable", prefix: number): void {
    const start = this.at;
    this.at += prefix;
    const name = this.take(WORD);
    this.terminated(this.source.slice(start, this.at));
    this.push(kind, name, start);
  }

  private terminated(what: string): void {
    const char = this.source[this.at];
    if (char === undefined || isSpace(char) || ".,|:()=".includes(char)) return;
    if (this.source.startsWith(RIGHT, this.at)) return;
    throw this.error(`unexpected ${JSON.stringify(char)} behind ${what}`, this.at);
  }

  private number(): void {
    const start = this.at;
    const text = this.take(NUMBER);
    WORD.lastIndex = this.at;
    if (text === "" || WORD.test(this.source) || this.source[this.at] === ".")
      throw this.error("expected a number, found something like one", start);
    this.push("number", text.replaceAll("_", ""), start);
  }

  private quoted(): void {
    const start = this.at;
    for (let i = start + 1; i < this.source.length; i++) {
      const char = this.source[i];
      if (char === "\\") i++;
      else if (char === "\n") break;
      else if (char === '"') {
        this.at = i + 1;
        this.push("string", unquote(this.source.slice(start + 1, i), start), start);
        return;
      }
    }
    throw this.error('expected the " that ends the text', start);
  }

  private raw(): void {
    const start = this.at;
    const end = this.source.indexOf("`", start + 1);
    if (end < 0) throw this.error("expected the ` that ends the text", start);
    this.at = end + 1;
    this.push("string", this.source.slice(start + 1, end).replaceAll("\r", ""), start);
  }

  private character(): void {
    const start = this.at;
    const match = /^'((?:[^'\\\n]|\\.[^']*))'/u.exec(this.source.slice(start, start + 16));
    const text = match === null ? "" : unquote(match[1], start);
    if (match === null || [...text].length !== 1)
      throw this.error("expected one character in single quotes", start);
    this.at += match[0].length;
    this.push("char", text, start);
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const text = pattern.exec(this.source)?.[0] ?? "";
    this.at += text.length;
    return text;
  }

  private push(kind: TokenKind, text: string, offset: number): void {
    this.found.push({ kind, text, offset });
  }

  private error(message: string, offset: number): TemplateError {
    return new TemplateError(message, offset);
  }
}

function isSpace(char: string | undefined): boolean {
  return char === " " || char === "\t" || char === "\r" || char === "\n";
}

const ESCAPES: Readonly<Record<string, string>> = {
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

/** What a text in Go's double quotes stands for. */
function unquote(body: string, offset: number): string {
  return body.replace(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|([\s\S]))/g,
    (whole, hex, short, long, octal, char) => {
      const code = hex ?? short ?? long;
      if (code !== undefined) return character(Number.parseInt(code, 16), offset);
      if (octal !== undefined) return character(Number.parseInt(octal, 8), offset);
      if (Object.hasOwn(ESCAPES, char)) return ESCAPES[char];
      throw new TemplateError(`unknown escape ${whole}`, offset);
    },
  );
}

function character(code: number, offset: number): string {
  if (code > 0x10ffff)
    throw new TemplateError("expected a character, found a number above all", offset);
  return String.fromCodePoint(code);
}
