import { describe, expect, test } from "bun:test";
import { compileExpression } from "../../../../src/middlewares/http/expression.ts";

interface Scene {
  readonly n: number;
  readonly word: string;
  readonly yes: boolean;
}

const compile = (text: string) =>
  compileExpression<Scene>(text, {
    Number: {
      parameters: [],
      returns: "number",
      call:
        () =>
        ({ n }) =>
          n,
    },
    Plus: {
      parameters: ["number", "number"],
      returns: "number",
      call:
        (a: number, b: number) =>
        ({ n }) =>
          n + a + b,
    },
    Word: {
      parameters: [],
      returns: "string",
      call:
        () =>
        ({ word }) =>
          word,
    },
    Yes: {
      parameters: [],
      returns: "boolean",
      call:
        () =>
        ({ yes }) =>
          yes,
    },
  });

const scene = { n: 5, word: 'a"b', yes: true };

describe("an expression", () => {
  test.each<[string, boolean]>([
    ["Number() == 5", true],
    ["Number() == 5.0", true],
    ["Number() != 5", false],
    ["Number() < 5", false],
    ["Number() <= 5", true],
    ["Number() > 4.5", true],
    ["Number()>=6", false],
    ["Number() > -1e1", true],
    ["Plus(1, .5) == 6.5", true],
    ['Word() == "a\\"b"', true],
    ['Word() == `a"b`', true],
    ["Yes()", true],
    ["!Yes()", false],
    ["!(Number() == 4) && Yes()", true],
    ["Number() == 4 || Number() == 5 && Yes()", true],
    ["(Number() == 4 || Number() == 5) && !Yes()", false],
    ["Number() == 5 || Number() == 4 && !Yes()", true],
    ["  Yes( )  ", true],
  ])("%s is %p", (text, holds) => {
    expect(compile(text)(scene)).toBe(holds);
  });

  test.each([
    ["", "expected a function or a value, found the end"],
    ["Number()", "a number alone is no condition"],
    ["Number() > ", "found the end"],
    ["Number() > 1 2", "expected an operator or the end, found 2"],
    ["Number() > Word()", "number > string can't be compared"],
    ["Yes() == Yes()", "can't be compared"],
    ["Nothing() > 1", "expected one of Number, Plus, Word, Yes, found Nothing"],
    ["toString() > 1", "found toString"],
    ["Plus(1) > 1", 'expected "," and 2 values, found )'],
    ["Plus(1, `a`) > 1", "expected a number"],
    ["Number > 1", 'expected "(" behind Number'],
    ["(Yes()", 'expected ")"'],
    ["Yes() # Yes()", '"# Yes()" is not understood'],
    ["Number() > 1 && 1", "a number alone"],
    [`${"(".repeat(101)}Yes()${")".repeat(101)}`, "too deep"],
  ])("%s is refused", (text, message) => {
    expect(() => compile(text)).toThrow(message);
  });
});
