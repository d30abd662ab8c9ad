import { RE2JS } from "re2js";
import { shortened } from "./shortened.ts";

/** An expression in Go's dialect; every operation takes time linear in the text. */
export interface GoRegexp {
  test(text: string): boolean;
  /** The leftmost match, null where there is none. */
  find(text: string): string | null;
  /** Where all matches begin and end. */
  spans(text: string): (readonly [start: number, end: number])[];
  /** All matches replaced, with Go's `$1`, `${1}`, `$name`, `${name}` and `$$`. */
  replace(text: string, replacement: string): string;
}

/** Compiled programs above this are refused: no person writes them by hand. */
const MAX_PATTERN = 4096;

/** Compiles Go's (RE2's) syntax. Throws an Error that shows the pattern and says what is wrong with it. */
export function compileGoRegexp(pattern: string): GoRegexp {
  if (pattern.length > MAX_PATTERN) {
    throw new Error(
      `expected a regular expression of at most ${MAX_PATTERN} characters, found ${pattern.length}`,
    );
  }
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    throw new Error(
      `expected a regular expression in Go's syntax, found "${shortened(pattern)}": ${shortened((error as Error).message, 200)}`,
    );
  }
  return new Re2Regexp(compiled, isSafeForNative(pattern) ? new RegExp(pattern, "u") : null);
}

class Re2Regexp implements GoRegexp {
  private readonly compiled: RE2JS;
  /** The engine's own expression, only where it means the same and can't backtrack for long. */
  private readonly native: RegExp | null;
  // Who replaces has one template.
  private template = "";
  private parts: readonly (string | number)[] = [];

  constructor(compiled: RE2JS, native: RegExp | null) {
    this.compiled = compiled;
    this.native = native;
  }

  test(text: string): boolean {
    return this.native !== null ? this.native.test(text) : this.compiled.test(text);
  }

  find(text: string): string | null {
    const matcher = this.compiled.matcher(text);
    return matcher.find() ? (matcher.group(0) ?? "") : null;
  }

  spans(text: string): (readonly [number, number])[] {
    const matcher = this.compiled.matcher(text);
    const spans: [number, number][] = [];
    while (matcher.find()) {
      const [start, end] = [matcher.start(), matcher.end()];
      if (start === end && start === spans.at(-1)?.[1] && start > 0) continue;
      spans.push([start, end]);
    }
    return spans;
  }

  replace(text: string, replacement: string): string {
    const matcher = this.compiled.matcher(text);
    if (replacement !== this.template) {
      this.parts = this.parse(replacement);
      this.template = replacement;
    }
    let result = "";
    let at = 0;
    while (matcher.find()) {
      // Go counts an empty match right behind another match as none.
      if (matcher.end() === matcher.start() && matcher.start() === at && at > 0) continue;
      result += text.slice(at, matcher.start());
      for (const part of this.parts) {
        result += typeof part === "string" ? part : (matcher.group(part) ?? "");
      }
      at = matcher.end();
    }
    return result + text.slice(at);
  }

  /**
   * The texts and group numbers of a template, as Go's Regexp.Expand reads it: the longest name of
   * letters, digits and "_" behind "$", or one in braces. A group that isn't there is nothing.
   */
  private parse(template: string): (string | number)[] {
    const names = this.compiled.namedGroups() as Record<string, number>;
    const parts: (string | number)[] = [];
    let at = 0;
    for (const match of template.matchAll(REFERENCE)) {
      const [whole, braced, bare] = match;
      parts.push(template.slice(at, match.index));
      at = match.index + whole.length;
      const name = braced ?? bare;
      if (name === undefined) parts.push("$");
      else if (GROUP_NUMBER.test(name)) {
        if (Number(name) <= this.compiled.groupCount()) parts.push(Number(name));
      } else if (Object.hasOwn(names, name)) {
        parts.push(names[name]);
      }
    }
    parts.push(template.slice(at));
    return parts.filter((part) => part !== "");
  }
}

const REFERENCE = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu;
/** With leading zeros, it is a name. */
const GROUP_NUMBER = /^(?:0|[1-9][0-9]*)$/;

const ATOM =
  /\\[./+*?()[\]{}|^$\\]|\[\^?(?:[A-Za-z0-9_/.@:%~]|[A-Za-z0-9]-[A-Za-z0-9])+\]|\\d|[A-Za-z0-9_/@:%~=&;,!<> -]/y;
const LITERALS =
  /\(((?:\\[./+*?()[\]{}|^$\\-]|[A-Za-z0-9_/@:%~=&;,!<> -])+(?:\|(?:\\[./+*?()[\]{}|^$\\]|[A-Za-z0-9_/@:%~=&;,!<> -])+)*)\)/y;
/** A pattern is tried at each place of the text: both lengths count. */
const MAX_NATIVE_LENGTH = 256;
/** Ways through optional parts and alternatives that backtracking may have to try at a place. */
const MAX_WAYS = 64;

/**
 * True where the platform's engine may be asked: literals, escaped punctuation, plain character
 * classes, groups of literal alternatives, anchors at the ends, few optional parts and at most one
 * unbounded repetition, so that backtracking takes linear time; nothing whose meaning differs
 * between the two dialects.
 */
export function isSafeForNative(pattern: string): boolean {
  if (pattern.length > MAX_NATIVE_LENGTH) return false;
  const body = pattern.replace(/^\^/, "").replace(/\$$/, "");
  let repetitions = 0;
  let ways = 1;
  for (let at = 0; at < body.length; ) {
    ATOM.lastIndex = at;
    LITERALS.lastIndex = at;
    const group = LITERALS.exec(body);
    if (group !== null) {
      at = LITERALS.lastIndex;
      ways *= group[1].split("|").length;
      // Only "?" may follow.
      if (body[at] === "+" || body[at] === "*") return false;
    } else if (ATOM.test(body)) {
      at = ATOM.lastIndex;
    } else {
      return false;
    }
    if (body[at] === "+" || body[at] === "*") {
      repetitions++;
      at++;
    } else if (body[at] === "?") {
      ways *= 2;
      at++;
    }
    if (ways > MAX_WAYS) return false;
  }
  // Unanchored, even one repetition is tried from every position.
  return repetitions === 0 || (repetitions === 1 && pattern.startsWith("^"));
}
