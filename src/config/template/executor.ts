import { callFunction, type TemplateFunction } from "./functions/function.ts";
import type { BranchNode, Command, Node, Operand, Pipe } from "./nodes.ts";
import { TemplateError } from "./template-error.ts";
import { formatValue, GoMap, isTrue, typeOf, type Value } from "./values.ts";

/** Values that are printed, loops' turns and calls together. */
const MAX_STEPS = 5_000_000;
/** Characters. */
const MAX_OUTPUT = 64 * 1024 * 1024;
/** Templates that call templates. */
const MAX_DEPTH = 100;

export interface Program {
  readonly body: readonly Node[];
  readonly defined: ReadonlyMap<string, readonly Node[]>;
  readonly functions: ReadonlyMap<string, TemplateFunction>;
}

/** A piece of what a template makes. */
export interface Piece {
  /** Of the text or the action that it comes from. */
  readonly offset: number;
  readonly text: string;
  /** Its characters stand one by one from `offset` on. */
  readonly isText: boolean;
}

interface Variable {
  readonly name: string;
  value: Value;
}

type Outcome = "go on" | "break" | "continue";

/** Runs a template. Throws TemplateError. */
export function execute(program: Program, data: Value): Piece[] {
  const executor = new Executor(program, data, { steps: 0, length: 0, depth: 0, pieces: [] });
  executor.list(program.body, data);
  return executor.run.pieces;
}

interface Run {
  steps: number;
  length: number;
  depth: number;
  readonly pieces: Piece[];
}

class Executor {
  readonly run: Run;
  private readonly program: Program;
  private readonly variables: Variable[];

  constructor(program: Program, data: Value, run: Run) {
    this.program = program;
    this.variables = [{ name: "", value: data }];
    this.run = run;
  }

  list(nodes: readonly Node[], dot: Value): Outcome {
    for (const node of nodes) {
      const outcome = this.node(node, dot);
      if (outcome !== "go on") return outcome;
    }
    return "go on";
  }

  private node(node: Node, dot: Value): Outcome {
    switch (node.type) {
      case "text":
        this.write(node.offset, node.text, true);
        return "go on";
      case "action": {
        const value = this.pipe(node.pipe, dot);
        if (node.pipe.variables.length === 0)
          this.write(node.offset, value === null ? "<no value>" : formatValue(value), false);
        return "go on";
      }
      case "if":
      case "with":
      case "range":
        return this.branch(node, dot);
      case "template":
        this.template(
          node.name,
          node.pipe === undefined ? null : this.pipe(node.pipe, dot),
          node.offset,
        );
        return "go on";
      default:
        return node.type;
    }
  }

  private branch(node: BranchNode, dot: Value): Outcome {
    const known = this.variables.length;
    const value = this.pipe(node.pipe, dot, node.type === "range");
    let outcome: Outcome;
    if (node.type === "range") outcome = this.range(node, value, dot);
    else if (isTrue(value)) outcome = this.list(node.body, node.type === "with" ? value : dot);
    else outcome = this.list(node.otherwise, dot);
    this.variables.length = known;
    return outcome;
  }

  private range(node: BranchNode, value: Value, dot: Value): Outcome {
    const known = this.variables.length;
    const { variables, assigns } = node.pipe;
    let turns = 0;
    for (const [key, element] of entriesOf(value, variables.length, node.offset)) {
      this.step(node.offset);
      turns++;
      const values = variables.length === 2 ? [key, element] : [element];
      variables.forEach((name, i) => {
        if (assigns) this.assign(name, values[i]);
        else this.variables.push({ name, value: values[i] });
      });
      const outcome = this.list(node.body, element);
      this.variables.length = known;
      if (outcome === "break") break;
    }
    return turns === 0 ? this.list(node.otherwise, dot) : "go on";
  }

  private template(name: string, data: Value, offset: number): void {
    const body = this.program.defined.get(name);
    if (body === undefined) throw new TemplateError(`template "${name}" not defined`, offset);
    if (++this.run.depth > MAX_DEPTH)
      throw new TemplateError(`templates call each other deeper than ${MAX_DEPTH}`, offset);
    new Executor(this.program, data, this.run).list(body, data);
    this.run.depth--;
  }

  private pipe(pipe: Pipe, dot: Value, isRange = false): Value {
    let value: Value | undefined;
    for (const command of pipe.commands) value = this.command(command, dot, value);
    const result = value ?? null;
    // A range gives its variables their values itself, one after another.
    if (isRange) return result;
    for (const name of pipe.variables) {
      if (pipe.assigns) this.assign(name, result);
      else this.variables.push({ name, value: result });
    }
    return result;
  }

  /** `last` is what the command before has made; undefined for the first. */
  private command({ operands, offset }: Command, dot: Value, last: Value | undefined): Value {
    this.step(offset);
    const [first, ...rest] = operands;
    if (first.type === "function") return this.call(first.name, rest, dot, last, first.offset);
    if (rest.length > 0 || last !== undefined)
      throw new TemplateError("expected a function before values, found a value", first.offset);
    if (first.type === "nil") throw new TemplateError("nil is not a command", first.offset);
    return this.operand(first, dot);
  }

  private call(
    name: string,
    operands: readonly Operand[],
    dot: Value,
    last: Value | undefined,
    offset: number,
  ): Value {
    const given = last === undefined ? [] : [last];
    if (name === "and" || name === "or") return this.logic(name, operands, dot, given, offset);
    const values = [...operands.map((operand) => this.operand(operand, dot)), ...given];
    try {
      return callFunction(name, this.program.functions.get(name)!, values);
    } catch (error) {
      if (error instanceof TemplateError) throw error;
      throw new TemplateError(`error calling ${name}: ${(error as Error).message}`, offset);
    }
  }

  /** `and` and `or` look at no more values than they need. */
  private logic(
    name: "and" | "or",
    operands: readonly Operand[],
    dot: Value,
    given: readonly Value[],
    offset: number,
  ): Value {
    if (operands.length + given.length === 0)
      throw new TemplateError(`${name} takes at least 1 value, found 0`, offset);
    let value: Value = null;
    for (const operand of operands) {
      value = this.operand(operand, dot);
      if (isTrue(value) === (name === "or")) return value;
    }
    return given.length > 0 ? given[0] : value;
  }

  private operand(operand: Operand, dot: Value): Value {
    switch (operand.type) {
      case "dot":
        return dot;
      case "nil":
        return null;
      case "literal":
        return operand.value;
      case "function":
        return this.call(operand.name, [], dot, undefined, operand.offset);
      case "field":
        return this.fields(dot, operand.fields, operand.offset);
      case "variable":
        return this.fields(this.find(operand.name).value, operand.fields, operand.offset);
      case "pipe":
        return this.fields(this.pipe(operand.pipe, dot), operand.fields, operand.offset);
    }
  }

  private fields(value: Value, names: readonly string[], offset: number): Value {
    let at = value;
    for (const name of names) {
      if (at instanceof GoMap) {
        // Below what isn't there, nothing is there; below a nil that is there, that is a mistake.
        if (!at.entries.has(name)) {
          if (at.isStruct) throw new TemplateError(`there is no field ${name}`, offset);
          return at.zero;
        }
        at = at.get(name);
      } else if (at === null) throw new TemplateError(`nil has no field ${name}`, offset);
      else throw new TemplateError(`can't evaluate field ${name} in type ${typeOf(at)}`, offset);
    }
    return at;
  }

  private find(name: string): Variable {
    return this.variables.findLast((variable) => variable.name === name)!;
  }

  private assign(name: string, value: Value): void {
    this.find(name).value = value;
  }

  private write(offset: number, text: string, isText: boolean): void {
    this.step(offset);
    this.run.length += text.length;
    if (this.run.length > MAX_OUTPUT)
      throw new TemplateError(`makes more than ${MAX_OUTPUT} characters`, offset);
    this.run.pieces.push({ offset, text, isText });
  }

  private step(offset: number): void {
    if (++this.run.steps > MAX_STEPS)
      throw new TemplateError(`takes more than ${MAX_STEPS} steps`, offset);
  }
}

/** What a range goes through: keys or places, and what is there. */
function* entriesOf(value: Value, variables: number, offset: number): Generator<[Value, Value]> {
  if (Array.isArray(value)) {
    for (const [i, element] of value.entries()) yield [BigInt(i), element];
  } else if (value instanceof GoMap) {
    for (const key of value.keys()) yield [key, value.get(key)];
  } else if (typeof value === "bigint") {
    if (variables > 1) throw new TemplateError("a range over an integer has one variable", offset);
    for (let i = 0n; i < value; i++) yield [i, i];
  } else if (value !== null) {
    throw new TemplateError(`range can't iterate over ${formatValue(value)}`, offset);
  }
}
