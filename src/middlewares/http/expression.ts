/** What an expression's functions give. */
export type ExpressionValue = number | string | boolean;

export type Reading<Context> = (context: Context) => ExpressionValue;

/** A function that an expression may call. */
export interface ExpressionFunction<Context> {
  readonly parameters: readonly ("number" | "string")[];
  readonly returns: "number" | "string" | "boolean";
  /** Throws where an argument is none that it takes. */
  readonly call: (...values: never[]) => Reading<Context>;
}

export type ExpressionFunctions<Context> = Readonly<Record<string, ExpressionFunction<Context>>>;

const OPERATORS = ["==", "!=", "<=", ">=", "<", ">"] as const;
type Operator = (typeof OPERATORS)[number];

const TOKENS =
  /\s*(?:(&&|\|\||[=!<>]=|[<>()!,])|([A-Za-z_]\w*)|(-?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|("(?:[^"\\]|\\.)*"|`[^`]*`))/y;

/** Expressions in each other. */
const MOST_DEPTH = 100;

interface Token {
  readonly kind: "symbol" | "name" | "number" | "string" | "end";
  readonly text: string;
}

interface Term<Context> {
  readonly type: "number" | "string" | "boolean";
  readonly read: Reading<Context>;
}

/**
 * Compiles a condition in the language that Traefik's circuitBreaker and buffering have: functions that
 * are compared with constants, `&&`, `||`, `!` and parentheses. Throws an Error that says what is wrong.
 * Source: github.com/vulcand/predicate.
 */
export function compileExpression<Context>(
  text: string,
  functions: ExpressionFunctions<Context>,
): (context: Context) => boolean {
  return new Parser(text, functions).whole();
}

class Parser<Context> {
  private readonly text: string;
  private readonly functions: ExpressionFunctions<Context>;
  private readonly tokens: readonly Token[];
  private at = 0;
  private depth = 0;

  constructor(text: string, functions: ExpressionFunctions<Context>) {
    this.text = text;
    this.functions = functions;
    this.tokens = tokensOf(text);
  }

  whole(): (context: Context) => boolean {
    const term = this.or();
    if (this.next.kind !== "end") throw this.wrong(`an operator or the end`);
    return this.condition(term);
  }

  private get next(): Token {
    return this.tokens[this.at];
  }

  private take(symbol: string): boolean {
    if (this.next.kind !== "symbol" || this.next.text !== symbol) return false;
    this.at++;
    return true;
  }

  private or(): Term<Context> {
    let left = this.and();
    while (this.take("||")) {
      const one = this.condition(left);
      const other = this.condition(this.and());
      left = { type: "boolean", read: (context) => one(context) || other(context) };
    }
    return left;
  }

  private and(): Term<Context> {
    let left = this.comparison();
    while (this.take("&&")) {
      const one = this.condition(left);
      const other = this.condition(this.comparison());
      left = { type: "boolean", read: (context) => one(context) && other(context) };
    }
    return left;
  }

  private comparison(): Term<Context> {
    const left = this.primary();
    const operator = OPERATORS.find((symbol) => this.take(symbol));
    if (operator === undefined) return left;
    const right = this.primary();
    if (left.type !== right.type || left.type === "boolean")
      throw new Error(`${this.quoted}: ${left.type} ${operator} ${right.type} can't be compared`);
    return { type: "boolean", read: compared(operator, left.read, right.read) };
  }

  private primary(): Term<Context> {
    if (++this.depth > MOST_DEPTH) throw new Error(`${this.quoted}: too deep`);
    const term = this.primaryInside();
    this.depth--;
    return term;
  }

  private primaryInside(): Term<Context> {
    if (this.take("!")) {
      const one = this.condition(this.primary());
      return { type: "boolean", read: (context) => !one(context) };
    }
    if (this.take("(")) {
      const term = this.or();
      if (!this.take(")")) throw this.wrong(`")"`);
      return term;
    }
    const { kind, text } = this.next;
    if (kind === "name") return this.call();
    if (kind !== "number" && kind !== "string") throw this.wrong("a function or a value");
    this.at++;
    const value = literal(kind, text);
    return { type: kind, read: () => value };
  }

  private call(): Term<Context> {
    const name = this.next.text;
    this.at++;
    const known = Object.hasOwn(this.functions, name) ? this.functions[name] : undefined;
    if (known === undefined) {
      const names = Object.keys(this.functions).join(", ");
      throw new Error(`${this.quoted}: expected one of ${names}, found ${name}`);
    }
    if (!this.take("(")) throw this.wrong(`"(" behind ${name}`);
    const { parameters, returns, call } = known;
    const values: (number | string)[] = [];
    for (const [i, type] of parameters.entries()) {
      if (i > 0 && !this.take(",")) throw this.wrong(`"," and ${parameters.length} values`);
      const { kind, text } = this.next;
      if (kind !== type) throw this.wrong(`a ${type}`);
      this.at++;
      values.push(literal(kind, text));
    }
    if (!this.take(")")) throw this.wrong(`")" behind ${parameters.length} values of ${name}`);
    return { type: returns, read: call(...(values as never[])) };
  }

  private condition({ type, read }: Term<Context>): (context: Context) => boolean {
    if (type !== "boolean") throw new Error(`${this.quoted}: a ${type} alone is no condition`);
    return read as (context: Context) => boolean;
  }

  private get quoted(): string {
    return `expression ${JSON.stringify(this.text)}`;
  }

  private wrong(expected: string): Error {
    const found = this.next.kind === "end" ? "the end" : this.next.text;
    return new Error(`${this.quoted}: expected ${expected}, found ${found}`);
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(TOKENS);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) {
      const rest = text.slice(at).trim();
      throw new Error(
        `expression ${JSON.stringify(text)}: ${JSON.stringify(rest)} is not understood`,
      );
    }
    const [, symbol, name, number, string] = match;
    if (symbol !== undefined) tokens.push({ kind: "symbol", text: symbol });
    else if (name !== undefined) tokens.push({ kind: "name", text: name });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else tokens.push({ kind: "string", text: string });
  }
  tokens.push({ kind: "end", text: "" });
  return tokens;
}

function literal(kind: "number" | "string", text: string): number | string {
  if (kind === "number") return Number(text);
  return text.startsWith("`") ? text.slice(1, -1) : text.slice(1, -1).replace(/\\(.)/g, "$1");
}

function compared<Context>(
  operator: Operator,
  left: Reading<Context>,
  right: Reading<Context>,
): (context: Context) => boolean {
  switch (operator) {
    case "==":
      return (context) => left(context) === right(context);
    case "!=":
      return (context) => left(context) !== right(context);
    case "<":
      return (context) => left(context) < right(context);
    case "<=":
      return (context) => left(context) <= right(context);
    case ">":
      return (context) => left(context) > right(context);
    case ">=":
      return (context) => left(context) >= right(context);
  }
}
