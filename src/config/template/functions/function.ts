import { GoMap, kindOf, typeOf, type Value } from "../values.ts";

/** What a parameter takes; a nil is of no kind but "any" and "list" and "map". */
export type ParameterKind = "any" | "string" | "int" | "float" | "bool" | "list" | "map";

/** A function that templates call. */
export interface TemplateFunction {
  /** Those that must be given. */
  readonly parameters: readonly ParameterKind[];
  /** Of those that may follow. */
  readonly rest?: ParameterKind;
  readonly call: (...values: never[]) => Value;
}

/** A function with as many parameters as there are kinds. */
export function fn(parameters: string, call: (...values: never[]) => Value): TemplateFunction {
  const names = parameters.split(" ").filter((name) => name !== "");
  const rest = names.at(-1)?.startsWith("...") ? names.pop()!.slice(3) : undefined;
  return { parameters: names as ParameterKind[], rest: rest as ParameterKind | undefined, call };
}

/** Calls a function with checked values. Throws an Error that says what is wrong with them. */
export function callFunction(
  name: string,
  { parameters, rest, call }: TemplateFunction,
  values: readonly Value[],
): Value {
  const { length } = values;
  if (length < parameters.length || (rest === undefined && length > parameters.length)) {
    const wanted = rest === undefined ? parameters.length : `at least ${parameters.length}`;
    throw new Error(`${name} takes ${wanted} value${wanted === 1 ? "" : "s"}, found ${length}`);
  }
  const checked = values.map((value, i) => argument(name, parameters[i] ?? rest!, value));
  return call(...(checked as never[]));
}

function argument(name: string, kind: ParameterKind, value: Value): Value | number {
  const refuse = () => new Error(`${name} takes ${NOUNS[kind]}, found ${nounOf(value)}`);
  switch (kind) {
    case "any":
      return value;
    case "float":
      if (typeof value === "bigint") return Number(value);
      if (typeof value === "number") return value;
      throw refuse();
    case "int":
      if (typeof value === "bigint") return value;
      if (typeof value === "number" && Number.isInteger(value)) return BigInt(value);
      throw refuse();
    case "list":
      if (Array.isArray(value)) return value;
      throw refuse();
    case "map":
      if (value instanceof GoMap) return value;
      if (value === null) return new GoMap();
      throw refuse();
    default:
      if (kindOf(value) === kind) return value;
      throw refuse();
  }
}

const NOUNS: Readonly<Record<ParameterKind, string>> = {
  any: "a value",
  string: "a string",
  int: "an integer",
  float: "a number",
  bool: "true or false",
  list: "a list",
  map: "a map",
};

function nounOf(value: Value): string {
  return value === null ? "nothing" : typeOf(value);
}

/** An integer of Go's for a place or a count in a text or a list. */
export function small(value: bigint): number {
  return Number(BigInt.asIntN(53, value));
}
