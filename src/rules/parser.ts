import { type Token, tokenize } from "./lexer.ts";
import { RuleError } from "./rule-error.ts";

export interface MatcherNode {
  readonly type: "matcher";
  /** In the table's spelling. */
  readonly name: string;
  readonly values: readonly string[];
}

/** A rule as a tree. */
export type RuleNode =
  | MatcherNode
  | { readonly type: "and" | "or"; readonly left: RuleNode; readonly right: RuleNode }
  | { readonly type: "not"; readonly operand: RuleNode };

/** How many values a matcher takes, by its name. */
export type MatcherArity = Readonly<Record<string, { readonly min: number; readonly max: number }>>;

const MAX_LENGTH = 64 * 1024;
const MAX_DEPTH = 200;

/**
 * Parses Traefik's rule syntax (v3): matchers with values in backticks or double quotes, `!`, `&&`,
 * `||`, parentheses. `&&` binds tighter than `||`. Matcher names are taken in any case. Throws
 * RuleError.
 */
export function parseRule(rule: string, matchers: MatcherArity): RuleNode {
  if (rule.length > MAX_LENGTH)
    throw new RuleError(`expected at most ${MAX_LENGTH} characters, found ${rule.length}`, "", 1);
  return new RuleParser(rule, matchers).parse();
}

class RuleParser {
  private readonly rule: string;
  private readonly tokens: readonly Token[];
  private readonly matchers: MatcherArity;
  private readonly spelling: ReadonlyMap<string, string>;
  private at = 0;
  private depth = 0;

  constructor(rule: string, matchers: MatcherArity) {
    this.rule = rule;
    this.tokens = tokenize(rule);
    this.matchers = matchers;
    this.spelling = new Map(Object.keys(matchers).map((name) => [name.toLowerCase(), name]));
  }

  parse(): RuleNode {
    const node = this.or();
    if (this.token.kind !== "end") throw this.unexpected("&&, || or the end");
    return node;
  }

  private get token(): Token {
    return this.tokens[this.at];
  }

  private or(): RuleNode {
    let left = this.and();
    while (this.token.kind === "||") {
      this.at++;
      left = { type: "or", left, right: this.and() };
    }
    return left;
  }

  private and(): RuleNode {
    let left = this.unary();
    while (this.token.kind === "&&") {
      this.at++;
      left = { type: "and", left, right: this.unary() };
    }
    return left;
  }

  private unary(): RuleNode {
    if (++this.depth > MAX_DEPTH)
      throw new RuleError(`nested deeper than ${MAX_DEPTH}`, this.rule, this.token.column);
    let node: RuleNode;
    if (this.token.kind === "!") {
      this.at++;
      node = { type: "not", operand: this.unary() };
    } else if (this.token.kind === "(") {
      this.at++;
      node = this.or();
      this.expect(")", "&&, || or )");
    } else {
      node = this.matcher();
    }
    this.depth--;
    return node;
  }

  private matcher(): MatcherNode {
    const { kind, text, column } = this.token;
    if (kind !== "name") throw this.unexpected("a matcher such as Host(`example.com`)");
    const name = this.spelling.get(text.toLowerCase());
    if (name === undefined) {
      throw new RuleError(
        `unknown matcher "${text}", expected one of ${[...this.spelling.values()].join(", ")}`,
        this.rule,
        column,
      );
    }
    this.at++;
    this.expect("(", "( behind the matcher's name");
    const values: string[] = [];
    if (this.token.kind === "string") values.push(this.take());
    while (values.length > 0 && this.token.kind === ",") {
      this.at++;
      if (this.tokens[this.at].kind !== "string")
        throw this.unexpected("a string behind the comma");
      values.push(this.take());
    }
    this.expect(")", values.length === 0 ? "a value in backticks or double quotes" : ", or )");
    const { min, max } = this.matchers[name];
    if (values.length < min || values.length > max) {
      const wanted =
        min === max ? `${min} value${min === 1 ? "" : "s"}` : `${min} or ${max} values`;
      throw new RuleError(`${name} takes ${wanted}, found ${values.length}`, this.rule, column);
    }
    return { type: "matcher", name, values };
  }

  private take(): string {
    return this.tokens[this.at++].text;
  }

  private expect(kind: Token["kind"], description: string): void {
    if (this.token.kind !== kind) throw this.unexpected(description);
    this.at++;
  }

  private unexpected(expected: string): RuleError {
    const { kind, text, column } = this.token;
    const found = kind === "end" ? "the end" : kind === "string" ? JSON.stringify(text) : text;
    return new RuleError(`expected ${expected}, found ${found}`, this.rule, column);
  }
}
