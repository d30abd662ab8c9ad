import { type Token, tokenize } from "./lexer.ts";
import { RuleError } from "./rule-error.ts";
import { nameInV3, spelledInV3 } from "./v2-spelling.ts";

export interface MatcherNode {
  readonly type: "matcher";
  /** In the table's spelling. */
  readonly name: string;
  readonly values: readonly string[];
}

/** A rule as a tree. What stands side by side, as in `a || b || c`, is side by side in one node. */
export type RuleNode =
  | MatcherNode
  | { readonly type: "and" | "or"; readonly operands: readonly RuleNode[] }
  | { readonly type: "not"; readonly operand: RuleNode };

/** How many values a matcher takes, by its name. */
export type MatcherArity = Readonly<Record<string, { readonly min: number; readonly max: number }>>;

const MAX_LENGTH = 1024 * 1024;
const MAX_DEPTH = 200;

/**
 * Parses Traefik's rule syntax (v3): matchers with values in backticks or double quotes, `!`, `&&`,
 * `||`, parentheses. `!` binds tighter than `&&`, that tighter than `||`. A matcher's name is taken
 * as in the table, in lower or upper case, or with a capital first letter. Throws RuleError.
 * Source: Traefik's pkg/rules/parser.go and Go's expression syntax behind it.
 */
export function parseRule(rule: string, matchers: MatcherArity): RuleNode {
  if (rule.length > MAX_LENGTH)
    throw new RuleError(`expected at most ${MAX_LENGTH} characters, found ${rule.length}`, rule, 1);
  return new RuleParser(rule, matchers).parse();
}

class RuleParser {
  private readonly rule: string;
  private readonly tokens: readonly Token[];
  private readonly matchers: MatcherArity;
  private at = 0;
  private depth = 0;

  constructor(rule: string, matchers: MatcherArity) {
    this.rule = rule;
    this.tokens = tokenize(rule);
    this.matchers = matchers;
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
    const operands = [this.and()];
    while (this.token.kind === "||") {
      this.at++;
      operands.push(this.and());
    }
    return operands.length === 1 ? operands[0] : { type: "or", operands };
  }

  private and(): RuleNode {
    const operands = [this.unary()];
    while (this.token.kind === "&&") {
      this.at++;
      operands.push(this.unary());
    }
    return operands.length === 1 ? operands[0] : { type: "and", operands };
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
    const start = this.at;
    const known = this.matcherCalled(text);
    const name = known ?? nameInV3(text);
    if (name === undefined || !Object.hasOwn(this.matchers, name)) {
      const names = Object.keys(this.matchers).join(", ");
      throw new RuleError(
        `unknown matcher ${JSON.stringify(text)}, expected one of ${names}`,
        this.rule,
        column,
      );
    }
    this.at++;
    this.expect("(", "( behind the matcher's name");
    const values = this.values();
    this.expect(")", values.length === 0 ? "a value in backticks or double quotes" : ", or )");
    const { min, max } = this.matchers[name];
    const spelling = () => {
      const matchers = spelledInV3(name, values, max);
      const isAlone = start === 0 && this.token.kind === "end";
      return isAlone || values.length <= max ? matchers : `(${matchers})`;
    };
    if (known === undefined)
      throw new RuleError(`${text} is of Traefik 2, write ${spelling()}`, this.rule, column);
    if (values.length < min || values.length > max) {
      const wanted =
        min === max ? `${min} value${min === 1 ? "" : "s"}` : `${min} or ${max} values`;
      // In Traefik 2 it took any number of values.
      const instead = max === 1 && values.length > 1 ? `, write ${spelling()}` : "";
      const message = `${name} takes ${wanted}, found ${values.length}${instead}`;
      throw new RuleError(message, this.rule, column);
    }
    return { type: "matcher", name, values };
  }

  private matcherCalled(text: string): string | undefined {
    if (Object.hasOwn(this.matchers, text)) return text;
    return Object.keys(this.matchers).find((name) => spellings(name).includes(text));
  }

  /** Strings with commas between them; one behind the last is allowed. */
  private values(): string[] {
    const values: string[] = [];
    for (let { token } = this; token.kind === "string"; token = this.token) {
      if (token.text === "")
        throw new RuleError("expected a value, found none", this.rule, token.column);
      values.push(token.text);
      if (this.tokens[++this.at].kind !== ",") break;
      this.at++;
    }
    return values;
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

/** How a matcher's name may be written besides. */
function spellings(name: string): string[] {
  const lower = name.toLowerCase();
  return [lower, name.toUpperCase(), lower.slice(0, 1).toUpperCase() + lower.slice(1)];
}
