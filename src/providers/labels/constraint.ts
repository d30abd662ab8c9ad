import { compileGoRegexp } from "../../rules/go-regexp.ts";
import { parseRule, type RuleNode } from "../../rules/parser.ts";

/** Whether something is taken, by what it has. */
export type Constraint<T> = (subject: T) => boolean;

/** What a constraint asks: a function with its values, all but its last as they are. */
interface Matchers<T> {
  /** The name of the function that compares with a value; with "Regex" behind it, with an expression. */
  readonly name: string;
  readonly values: number;
  /** Whether the subject has what `accepts` takes, under the first of two values. */
  has(subject: T, key: string, accepts: (value: string) => boolean): boolean;
}

/**
 * Compiles Traefik's constraints: a function and its twin for expressions, with `&&`, `||`, `!` and
 * parentheses. Expressions match anywhere. The empty text takes everything. Throws RuleError, or an
 * Error for an expression that isn't Go's.
 */
function compile<T>(text: string, matchers: Matchers<T>): Constraint<T> {
  if (text.trim() === "") return () => true;
  const arity = { min: matchers.values, max: matchers.values };
  const { name } = matchers;
  return build(parseRule(text, { [name]: arity, [`${name}Regex`]: arity }), matchers);
}

function build<T>(node: RuleNode, matchers: Matchers<T>): Constraint<T> {
  switch (node.type) {
    case "and": {
      const operands = node.operands.map((operand) => build(operand, matchers));
      return (subject) => operands.every((operand) => operand(subject));
    }
    case "or": {
      const operands = node.operands.map((operand) => build(operand, matchers));
      return (subject) => operands.some((operand) => operand(subject));
    }
    case "not": {
      const operand = build(node.operand, matchers);
      return (subject) => !operand(subject);
    }
    case "matcher": {
      const key = node.values[0];
      const wanted = node.values[node.values.length - 1];
      if (node.name === matchers.name)
        return (subject) => matchers.has(subject, key, (value) => value === wanted);
      const expression = compileGoRegexp(wanted);
      return (subject) => matchers.has(subject, key, (value) => expression.test(value));
    }
  }
}

/**
 * Label(`name`, `value`) and LabelRegex(`name`, `expression`); a label that isn't there is "".
 * Source: Traefik's pkg/provider/constraints/constraints_labels.go.
 */
export function labelConstraint(text: string): Constraint<Readonly<Record<string, string>>> {
  return compile(text, {
    name: "Label",
    values: 2,
    has: (labels, key, accepts) => accepts(labels[key] ?? ""),
  });
}

/**
 * Tag(`tag`) and TagRegex(`expression`).
 * Source: Traefik's pkg/provider/constraints/constraints_tags.go.
 */
export function tagConstraint(text: string): Constraint<readonly string[]> {
  return compile(text, {
    name: "Tag",
    values: 1,
    has: (tags, _, accepts) => tags.some(accepts),
  });
}
