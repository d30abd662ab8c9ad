import { describe, expect, test } from "bun:test";
import { labelConstraint, tagConstraint } from "../../../../src/providers/labels/constraint.ts";
import { normalize } from "../../../../src/providers/labels/normalize.ts";

const labels = { a: "1", env: "production" };

describe("constraints over labels", () => {
  test.each([
    ["", true],
    ["  ", true],
    ["Label(`a`, `1`)", true],
    ["Label(`a`, `2`)", false],
    ["!Label(`a`, `2`)", true],
    ["Label(`a`, `1`) && Label(`env`, `staging`)", false],
    ["Label(`a`, `2`) || LabelRegex(`env`, `duc`)", true],
    ["LabelRegex(`env`, `^duc`)", false],
    ["LabelRegex(`none`, `^$`)", true],
    ["(Label(`a`, `2`) || Label(`a`, `1`)) && !LabelRegex(`env`, `stag`)", true],
  ])("%s is %p", (text, expected) => {
    expect(labelConstraint(text)(labels)).toBe(expected);
  });

  test.each(["Label(`a`)", "Host(`a`)", "Label(`a`, `1`) Label(`b`, `1`)", "LabelRegex(`a`, `(`)"])(
    "%s is refused",
    (text) => {
      expect(() => labelConstraint(text)).toThrow();
    },
  );
});

describe("constraints over tags", () => {
  test.each([
    ["Tag(`a`)", true],
    ["Tag(`c`)", false],
    ["TagRegex(`^b`)", true],
    ["TagRegex(`z`) || !Tag(`c`)", true],
  ])("%s is %p", (text, expected) => {
    expect(tagConstraint(text)(["a", "bb"])).toBe(expected);
  });
});

describe("normalised names", () => {
  test.each([
    ["/my_app", "my-app"],
    ["Ünïcode.42", "Ünïcode-42"],
    ["--a..b--", "a-b"],
    ["", ""],
  ])("%s is %s", (name, expected) => {
    expect(normalize(name)).toBe(expected);
  });
});
