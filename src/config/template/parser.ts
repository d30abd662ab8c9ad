import { type Token, tokenize } from "./lexer.ts";
import type { BranchNode, Command, Node, Operand, Pipe } from "./nodes.ts";
import { TemplateError } from "./template-error.ts";

/** A template, and those that it defines, by name. */
export interface ParsedTemplate {
  readonly body: readonly Node[];
  readonly defined: ReadonlyMap<string, readonly Node[]>;
}

/** Actions and parentheses in each other. */
const MAX_DEPTH = 100;

const KEYWORDS: ReadonlySet<string> = new Set(
  "block break continue define else end if nil range template with true false".split(" "),
);

/**
 * Parses Go's template language. `checkFunction` throws an Error where there is no function of a
 * name. Throws TemplateError.
 */
export function parseTemplate(
  source: string,
  checkFunction: (name: string) => void,
): ParsedTemplate {
  return new TemplateParser(source, checkFunction).parse();
}

class TemplateParser {
  private readonly tokens: readonly Token[];
  private readonly checkFunction: (name: string) => void;
  private readonly defined = new Map<string, readonly Node[]>();
  /** Variables that are there, innermost last. */
  private variables: string[] = [""];
  private at = 0;
  private depth = 0;
  private ranges = 0;

  constructor(source: string, checkFunction: (name: string) => void) {
    this.tokens = tokenize(source);
    this.checkFunction = checkFunction;
  }

  parse(): ParsedTemplate {
    const { nodes, end } = this.list(true);
    if (end !== "end of the template")
      throw this.error(`unexpected {{${end}}}`, this.tokens[this.at - 1].offset);
    return { body: nodes, defined: this.defined };
  }

  /** Nodes up to `{{end}}`, `{{else}}` or the end; the keyword has been read, what is behind it hasn't. */
  private list(isTop = false): { nodes: Node[]; end: string } {
    if (++this.depth > MAX_DEPTH)
      throw this.error(`nested deeper than ${MAX_DEPTH}`, this.token.offset);
    const nodes: Node[] = [];
    for (;;) {
      const token = this.take();
      if (token.kind === "end") {
        this.depth--;
        return { nodes, end: "end of the template" };
      }
      if (token.kind === "text") {
        nodes.push({ type: "text", offset: token.offset, text: token.text });
        continue;
      }
      const first = this.skipSpace();
      if (first.kind === "word" && (first.text === "end" || first.text === "else")) {
        this.at++;
        this.depth--;
        return { nodes, end: first.text };
      }
      const node = this.action(token.offset, isTop);
      if (node !== undefined) nodes.push(node);
    }
  }

  private action(offset: number, isTop: boolean): Node | undefined {
    const { kind, text } = this.token;
    if (kind === "word" && KEYWORDS.has(text)) {
      switch (text) {
        case "if":
        case "with":
        case "range":
          this.at++;
          return this.branch(text, offset);
        case "define":
          if (!isTop) throw this.error("unexpected {{define}}: it belongs to the top", offset);
          this.at++;
          this.define(this.name("define"));
          return undefined;
        case "block":
          this.at++;
          return this.block(offset);
        case "template": {
          this.at++;
          const name = this.name("template");
          const pipe = this.skipSpace().kind === "right" ? undefined : this.pipe("template");
          this.right("template");
          return { type: "template", offset, name, pipe };
        }
        case "break":
        case "continue":
          if (this.ranges === 0) throw this.error(`{{${text}}} outside of {{range}}`, offset);
          this.at++;
          this.right(text);
          return { type: text, offset };
      }
    }
    const pipe = this.pipe("action");
    this.right("action");
    return { type: "action", offset, pipe };
  }

  private branch(type: BranchNode["type"], offset: number): BranchNode {
    const known = this.variables.length;
    const pipe = this.pipe(type);
    this.right(type);
    if (type === "range") this.ranges++;
    const { nodes: body, end } = this.list();
    if (type === "range") this.ranges--;
    let otherwise: readonly Node[] = [];
    if (end === "else") {
      const next = this.skipSpace();
      const chained = next.kind === "word" && next.text === type && type !== "range";
      if (chained) {
        this.at++;
        if (++this.depth > MAX_DEPTH) throw this.error(`nested deeper than ${MAX_DEPTH}`, offset);
        otherwise = [this.branch(type, next.offset)];
        this.depth--;
        this.variables.length = known;
        return { type, offset, pipe, body, otherwise };
      }
      this.right("else");
      const rest = this.list();
      if (rest.end !== "end") throw this.error(`expected {{end}}, found {{${rest.end}}}`, offset);
      otherwise = rest.nodes;
    } else if (end !== "end") {
      throw this.error(`expected {{end}} of this {{${type}}}, found the ${end}`, offset);
    }
    this.right("end");
    this.variables.length = known;
    return { type, offset, pipe, body, otherwise };
  }

  private define(name: string): void {
    this.right("define");
    const { offset } = this.token;
    const { variables, ranges } = this;
    this.variables = [""];
    this.ranges = 0;
    const { nodes, end } = this.list();
    if (end !== "end") throw this.error(`expected {{end}} of {{define}}, found the ${end}`, offset);
    this.right("end");
    this.variables = variables;
    this.ranges = ranges;
    this.addTemplate(name, nodes);
  }

  private block(offset: number): Node {
    const name = this.name("block");
    const pipe = this.pipe("block");
    this.define(name);
    return { type: "template", offset, name, pipe };
  }

  /** An empty definition doesn't take the place of another. */
  private addTemplate(name: string, nodes: readonly Node[]): void {
    const isEmpty = nodes.every((node) => node.type === "text" && node.text.trim() === "");
    if (!isEmpty || !this.defined.has(name)) this.defined.set(name, nodes);
  }

  private name(context: string): string {
    const { kind, text, offset } = this.skipSpace();
    if (kind !== "string") throw this.error(`expected a name in quotes behind ${context}`, offset);
    this.at++;
    return text;
  }

  private pipe(context: string): Pipe {
    const { offset } = this.skipSpace();
    const { variables, assigns } = this.declarations(context);
    const commands: Command[] = [];
    for (;;) {
      const command = this.command(context);
      commands.push(command);
      const [first] = command.operands;
      if (
        commands.length > 1 &&
        (first.type === "literal" || first.type === "dot" || first.type === "nil")
      )
        throw this.error("expected a function behind |, found a value", command.offset);
      if (this.skipSpace().text !== "|" || this.token.kind !== "mark") break;
      this.at++;
      this.skipSpace();
      // Go takes one that leads nowhere.
      if (this.token.text !== "|" && this.endsCommand()) break;
    }
    if (!assigns) this.variables.push(...variables);
    return { offset, variables, assigns, commands };
  }

  /** `$x :=`, `$x =`, and in a range `$i, $x :=`. */
  private declarations(context: string): { variables: string[]; assigns: boolean } {
    const start = this.at;
    const variables: string[] = [];
    while (this.skipSpace().kind === "variable") {
      const { text, offset } = this.take();
      const { text: mark } = this.skipSpace();
      if (mark === ":=" || mark === "=") {
        this.at++;
        variables.push(text);
        if (mark === "=") for (const name of variables) this.checkVariable(name, offset);
        return { variables, assigns: mark === "=" };
      }
      if (mark !== "," || context !== "range" || variables.length > 0) break;
      this.at++;
      variables.push(text);
    }
    this.at = start;
    return { variables: [], assigns: false };
  }

  private command(context: string): Command {
    const { offset } = this.skipSpace();
    const operands: Operand[] = [];
    for (;;) {
      const operand = this.operand();
      if (operand !== undefined) operands.push(operand);
      const { kind, text } = this.token;
      if (kind === "space") {
        this.skipSpace();
        if (!this.endsCommand()) continue;
      } else if (!this.endsCommand()) {
        throw this.error(`unexpected ${text} in ${context}`, this.token.offset);
      }
      break;
    }
    if (operands.length === 0)
      throw this.error(`expected a value in ${context}, found none`, offset);
    return { offset, operands };
  }

  private endsCommand(): boolean {
    const { kind, text } = this.token;
    return kind === "right" || (kind === "mark" && (text === ")" || text === "|"));
  }

  private operand(): Operand | undefined {
    const token = this.token;
    const { offset, text } = token;
    switch (token.kind) {
      case "field":
        this.at++;
        if (text === "") {
          if (this.token.kind === "field") throw this.error("unexpected . behind .", offset);
          return { type: "dot", offset };
        }
        return { type: "field", offset, fields: [text, ...this.fields()] };
      case "variable":
        this.at++;
        this.checkVariable(text, offset);
        return { type: "variable", offset, name: text, fields: this.fields() };
      case "number":
        this.at++;
        return this.withoutFields({ type: "literal", offset, value: numberOf(text, offset) });
      case "char":
        this.at++;
        return this.withoutFields({ type: "literal", offset, value: BigInt(text.codePointAt(0)!) });
      case "string":
        this.at++;
        return this.withoutFields({ type: "literal", offset, value: text });
      case "word":
        this.at++;
        return this.word(text, offset);
      case "mark": {
        if (text !== "(") return undefined;
        this.at++;
        if (++this.depth > MAX_DEPTH) throw this.error(`nested deeper than ${MAX_DEPTH}`, offset);
        const pipe = this.pipe("parentheses");
        this.depth--;
        if (this.skipSpace().text !== ")" || this.token.kind !== "mark")
          throw this.error(`expected ), found ${this.token.text}`, this.token.offset);
        this.at++;
        return { type: "pipe", offset, pipe, fields: this.fields() };
      }
      default:
        return undefined;
    }
  }

  private word(text: string, offset: number): Operand {
    if (text === "true" || text === "false")
      return this.withoutFields({ type: "literal", offset, value: text === "true" });
    if (text === "nil") return this.withoutFields({ type: "nil", offset });
    if (KEYWORDS.has(text)) throw this.error(`unexpected ${text}`, offset);
    try {
      this.checkFunction(text);
    } catch (error) {
      throw this.error((error as Error).message, offset);
    }
    return this.withoutFields({ type: "function", offset, name: text });
  }

  private withoutFields<T extends Operand>(operand: T): T {
    if (this.token.kind === "field")
      throw this.error("unexpected . behind what has no fields", this.token.offset);
    return operand;
  }

  /** `.a.b` directly behind. */
  private fields(): string[] {
    const fields: string[] = [];
    while (this.token.kind === "field") {
      const { text, offset } = this.take();
      if (text === "") throw this.error("expected a name behind .", offset);
      fields.push(text);
    }
    return fields;
  }

  private checkVariable(name: string, offset: number): void {
    if (!this.variables.includes(name)) throw this.error(`undefined variable "$${name}"`, offset);
  }

  private right(context: string): void {
    const { kind, text, offset } = this.skipSpace();
    if (kind !== "right") throw this.error(`unexpected ${text} in ${context}`, offset);
    this.at++;
  }

  private get token(): Token {
    return this.tokens[this.at];
  }

  private take(): Token {
    return this.tokens[this.at++];
  }

  private skipSpace(): Token {
    while (this.token.kind === "space") this.at++;
    return this.token;
  }

  private error(message: string, offset: number): TemplateError {
    return new TemplateError(message, offset);
  }
}

/** An integer of 64 bits, or a float where it is written as one. */
function numberOf(text: string, offset: number): bigint | number {
  const unsigned = text.replace(/^[+-]/, "");
  const isFloat = !/^0[xX]/.test(unsigned) && /[.eE]/.test(unsigned);
  if (isFloat) return Number(text);
  const digits = /^0[0-7]+$/.test(unsigned) ? `0o${unsigned.slice(1)}` : unsigned;
  let value: bigint;
  try {
    value = BigInt(digits);
  } catch {
    throw new TemplateError(`expected a number, found ${text}`, offset);
  }
  if (text.startsWith("-")) value = -value;
  if (BigInt.asIntN(64, value) !== value)
    throw new TemplateError(`integer overflow: ${text}`, offset);
  return value;
}
