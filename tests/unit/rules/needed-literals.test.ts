import { expect, test } from "bun:test";
import { neededLiterals } from "../../../src/rules/needed-literals.ts";
import { parseRule } from "../../../src/rules/parser.ts";

const arity = { min: 1, max: 1 };

/** Of matcher `Is` its value; `Any` has none. */
function needed(rule: string): readonly string[] | null {
  const tree = parseRule(rule, { Is: arity, Any: arity });
  return neededLiterals(tree, ({ name, values }) => (name === "Is" ? values[0] : null));
}

test("a matcher needs its own literal, or none", () => {
  expect(needed("Is(`a`)")).toEqual(["a"]);
  expect(needed("Any(`a`)")).toBeNull();
});

test("of && one operand that needs some is enough: the first", () => {
  expect(needed("Any(`x`) && Is(`a`) && Is(`b`)")).toEqual(["a"]);
  expect(needed("(Is(`a`) || Is(`b`)) && Any(`x`)")).toEqual(["a", "b"]);
  expect(needed("Any(`x`) && Any(`y`)")).toBeNull();
});

test("of || all operands must need some: each of theirs", () => {
  expect(needed("Is(`a`) || Is(`b`) || Any(`x`) && Is(`c`)")).toEqual(["a", "b", "c"]);
  expect(needed("Is(`a`) || Any(`x`)")).toBeNull();
});

test("what is negated can hold without any", () => {
  expect(needed("!Is(`a`)")).toBeNull();
  expect(needed("!!Is(`a`)")).toBeNull();
  expect(needed("Is(`a`) && !Is(`b`)")).toEqual(["a"]);
  expect(needed("Is(`a`) || !Is(`b`)")).toBeNull();
});
