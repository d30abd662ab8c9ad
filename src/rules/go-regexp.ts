import { RE2JS } from "re2js";

/** An expression in Go's dialect; every operation takes time linear in the text. */
export interface GoRegexp {
  test(text: string): boolean;
  /** The leftmost match, null where there is none. */
  find(text: string): string | null;
  /** All matches replaced, with Go's `$1`, `${1}`, `$name`, `${name}` and `$$`. */
  replace(text: string, replacement: string): string;
}

/** Compiled programs above this are refused: nobody writes them by hand. */
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
      `expected a regular expression in Go's syntax, found "${pattern}": ${(error as Error).message}`,
    );
  }
  return new Re2Regexp(compiled, isSafeForNative(pattern) ? new RegExp(pattern, "u") : null);
}

class Re2Regexp implements GoRegexp {
  private readonly compiled: RE2JS;
  /** The engine's own expression, only where it means the same and can't backtrack. */
  private readonly native: RegExp | null;

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

  replace(text: string, replacement: string): string {
    const matcher = this.compiled.matcher(text);
    const names = this.compiled.namedGroups() as Record<string, number>;
    let result = "";
    let at = 0;
    while (matcher.find()) {
      // Go counts an empty match right behind another match as none.
      if (matcher.end() === matcher.start() && matcher.start() === at && at > 0) continue;
      result += text.slice(at, matcher.start());
      result += expand(replacement, (name) => {
        const index = /^\d+$/.test(name)
          ? Number(name)
          : Object.hasOwn(names, name)
            ? names[name]
            : -1;
        if (index < 0 || index > matcher.groupCount()) return "";
        return matcher.group(index) ?? "";
      });
      at = matcher.end();
    }
    return result + text.slice(at);
  }
}

/** Go's Regexp.Expand: the longest name of letters, digits and "_" behind "$", or one in braces. */
function expand(template: string, group: (name: string) => string): string {
  return template.replace(/\$(?:\$|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))/g, (whole, braced, bare) =>
    whole === "$$" ? "$" : group(braced ?? bare),
  );
}

/**
 * True where the platform's engine may be asked: literals, escaped punctuation, plain character
 * classes, anchors at the ends, and at most one unbounded repetition, so that there is nothing to
 * backtrack into; nothing whose meaning differs between the two dialects.
 */
export function isSafeForNative(pattern: string): boolean {
  const body = pattern.replace(/^\^/, "").replace(/\$$/, "");
  const atoms =
    /\\[./+*?()[\]{}|^$\\]|\[\^?(?:[A-Za-z0-9_/.@:%~]|[A-Za-z0-9]-[A-Za-z0-9])+\]|\\d|[A-Za-z0-9_/@:%~=&;,!<> -]/y;
  let repetitions = 0;
  let at = 0;
  while (at < body.length) {
    atoms.lastIndex = at;
    if (!atoms.test(body)) return false;
    at = atoms.lastIndex;
    const next = body[at];
    if (next === "+" || next === "*") {
      repetitions++;
      at++;
    } else if (next === "?") {
      at++;
    }
  }
  // Unanchored, even one repetition is tried from every position.
  return repetitions === 0 || (repetitions === 1 && pattern.startsWith("^"));
}
