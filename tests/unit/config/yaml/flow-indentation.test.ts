import { expect, test } from "bun:test";
import fc from "fast-check";
import { stringify } from "yaml";
import { parseYaml } from "../../../../src/config/sources/yaml/parse-yaml.ts";

const show = (value: unknown) =>
  JSON.stringify(value, (_, child) => (typeof child === "bigint" ? `${child}n` : child));

const read = (text: string) => parseYaml(text, "f.yml");

test("inside of brackets and quotes any indentation will do, as in Traefik", () => {
  const cases: [text: string, value: unknown][] = [
    ["k: [\n]\n", { k: [] }],
    ["a:\n  k: [\n    x,\n  y\n  ]\n  l: 1\n", { a: { k: ["x", "y"], l: 1 } }],
    ["a:\n  - k: {\n  b: 1,\n\tc: [2,\n3]}\n  - l\n", { a: [{ k: { b: 1, c: [2, 3] } }, "l"] }],
    ["k: [ # ]\n# [\nx, # ,\n'#]'\n]\n", { k: ["x", "#]"] }],
    ["k: 'a\nb\n\nc'\nl: \"d\n\\\n  e\"\n", { k: "a b\nc", l: "d e" }],
    ["k: [a\nb, c:\nd]\n", { k: ["a b", { c: "d" }] }],
    ["t: |\n  [\n  x: [\nk: [\n]\nu: >-\n  'a\n  b\n", { t: "[\nx: [\n", k: [], u: "'a b" }],
    ["- - [\n1\n]\n- k: |\n    [\n  l: [\n]\n", [[[1]], { k: "[\n", l: [] }]],
    ["k: a[b\nl: it's\nm: [\n]\n", { k: "a[b", l: "it's", m: [] }],
    ["k: &x [\n1\n]\nl: !!seq [\n*x\n]\n", { k: [1], l: [[1]] }],
    ["k: [\r\n1,\r\n2\r\n]\r\n", { k: [1, 2] }],
  ];
  for (const [text, value] of cases) expect([text, read(text).value]).toEqual([text, value]);
});

test("places are those of the text as it is written", () => {
  const text = "a:\n  k: [\n  x,\n{ b: 1,\nc: [ 2 ] }\n]\n  last: 1\n";
  const { locate } = read(text);
  for (const [path, place] of [
    [["a", "k"], "2:3"],
    [["a", "k", 0], "3:3"],
    [["a", "k", 1, "b"], "4:3"],
    [["a", "k", 1, "c"], "5:1"],
    [["a", "k", 1, "c", 0], "5:6"],
    [["a", "last"], "7:3"],
  ] as const)
    expect(`${path} ${locate(path)}`).toBe(`${path} f.yml:${place}`);
  expect(() => read("a: [\n]\nb: 1\nb: 2\n")).toThrow('f.yml:4:1: the key "b" is there twice');
});

test("brackets and quotes without an end are told where the text stops being YAML", () => {
  expect(() => read("k: [\n1\n")).toThrow("f.yml:2:1: expected the end of the quotes or brackets");
  expect(() => read("k: '\n1\n")).toThrow("f.yml:2:1: expected the end of the quotes or brackets");
});

test("random sections in brackets say the same without any indentation", () => {
  let changed = 0;
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }),
      fc.constantFrom("PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE"),
      (data, type) => {
        const options = {
          collectionStyle: "flow",
          lineWidth: 20,
          defaultStringType: type,
        } as const;
        const written = `first: 1\nk: ${stringify(data, options).replaceAll("\n", "\n    ").trimEnd()}\n`;
        const lines = written.split("\n").map((line) => line.replace(/^ +/, ""));
        const bare = `${lines.join("\n")}last: 1\n`;
        // A line that would end the document, or be a comment that it wasn't.
        fc.pre(!/^(---|\.\.\.|#|%)/m.test(bare));
        let expected: unknown;
        try {
          expected = read(`${written}last: 1\n`).value;
        } catch {
          // What the library writes on several lines as a key is none.
          fc.pre(false);
        }
        if (bare !== written) changed++;
        expect(show(read(bare).value)).toBe(show(expected));
      },
    ),
    { numRuns: 300 },
  );
  expect(changed).toBeGreaterThan(50);
});
