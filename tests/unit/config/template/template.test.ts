import { describe, expect, test } from "bun:test";
import { compileTemplate } from "../../../../src/config/template/template.ts";
import { TemplateError } from "../../../../src/config/template/template-error.ts";
import { CASES } from "./cases.ts";
import golden from "./golden.json" with { type: "json" };

const render = (template: string, data: unknown = false, env = {}) =>
  compileTemplate(template, env).render(data).text;

describe("what Go's engine makes, and no template that it refuses", () => {
  const known = golden as readonly { output?: string; error?: string }[];
  test("there is an answer to each case", () => expect(known).toHaveLength(CASES.length));

  test.each(CASES.map((one, i) => [one.template, one, known[i]] as const))(
    "%j",
    (_, one, expected) => {
      const run = () => render(one.template, one.data, one.env);
      if (expected.output === undefined) expect(run).toThrow(TemplateError);
      else expect(run()).toBe(expected.output);
    },
  );
});

describe("mistakes", () => {
  const cases: [template: string, message: string, offset: number][] = [
    ["a{{ nope }}", 'the function "nope" is not defined', 4],
    ["{{ now }}", 'the function "now" is known to Traefik, not supported by Sluice', 3],
    ["{{ if 1 }}", "expected {{end}} of this {{if}}, found the end of the template", 0],
    ["{{ $x }}", 'undefined variable "$x"', 3],
    ["{{ upper 1 }}", "error calling upper: upper takes a string, found int", 3],
    ["{{ repeat 1 }}", "error calling repeat: repeat takes 2 values, found 1", 3],
    ['ab{{ fail "no way" }}', "error calling fail: no way", 5],
    ["{{ .Name }}", "can't evaluate field Name in type bool", 3],
    ["{{ 'ab' }}", "expected one character in single quotes", 3],
    ['{{ "a\\q" }}', "unknown escape \\q", 3],
    ["{{ a ; b }}", 'unexpected ";"', 5],
  ];
  test.each(cases)("%s", (template, message, offset) => {
    let found: unknown;
    try {
      render(template);
    } catch (error) {
      found = error;
    }
    expect(found).toBeInstanceOf(TemplateError);
    const { message: said, offset: at } = found as TemplateError;
    expect([said, at]).toEqual([message, offset]);
  });
});

describe("limits", () => {
  const cases: [name: string, template: string, message: string][] = [
    ["loops in loops", "{{ range 100000 }}{{ range 100000 }}{{ end }}{{ end }}", "takes more than"],
    ["output", '{{ range 100 }}{{ repeat 1000000 "a" }}{{ end }}', "makes more than"],
    ["one call's output", '{{ repeat 100000000 "a" }}', "makes more than"],
    ["one list", "{{ until 1000000 }}", "makes more than"],
    ["a padding", '{{ printf "%100000000d" 1 }}', ""],
    [
      "templates that call each other",
      '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}',
      "deeper than",
    ],
    [
      "actions in each other",
      `${"{{ if 1 }}".repeat(500)}${"{{ end }}".repeat(500)}`,
      "deeper than",
    ],
    ["parentheses", `{{ ${"(".repeat(500)}1${")".repeat(500)} }}`, "deeper than"],
  ];
  test.each(cases)("%s", (_, template, message) => {
    if (message === "") expect(render(template)).toBe("1");
    else expect(() => render(template)).toThrow(message);
  });
});

test("each offset of the output has its origin", () => {
  const template = 'ab{{ "xyz" }}\n{{ range 2 }}c{{ . }}{{ end }}d';
  const { text, origin } = compileTemplate(template).render(false);
  expect(text).toBe("abxyz\nc0c1d");
  const marks = [...text].map((char, i) => `${char}${template[origin(i)]}`);
  expect(marks).toEqual(["aa", "bb", "x{", "y{", "z{", "\n\n", "cc", "0{", "cc", "1{", "dd"]);
});

test("names that JavaScript has for itself are names like any other", () => {
  expect(render("{{ .constructor }} {{ .toString }}", {})).toBe("<no value> <no value>");
  expect(render('{{ env "constructor" }}|{{ env "__proto__" }}')).toBe("|");
  expect(() => render("{{ constructor }}")).toThrow("is not defined");
  expect(render('{{ (dict "__proto__" 1).__proto__ }}')).toBe("1");
});
