import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseFile } from "../../../src/config/sources/parse-file.ts";
import { staticErrors } from "./errors-of.ts";

const TOO_MUCH = "expected aliases to add at most 2000000 values, found more";

const TOO_DEEP = "expected at most 200 sections and lists in each other, found more";

const message = (text: string, file: string) => staticErrors(text, file).join("\n");

describe("YAML", () => {
  const cases: [name: string, text: string, where: string, expected: RegExp][] = [
    ["a tab for indentation", "log:\n\tlevel: INFO\n", "2:1", /[Tt]ab/],
    ["a key twice", "log:\n  level: INFO\n  level: DEBUG\n", "3:3", /"level" is there twice/],
    ["a key twice, once in quotes", '"a": 1\na: 2\n', "2:1", /"a" is there twice/],
    ["two documents", "log: {}\n---\nping: {}\n", "2:1", /expected one YAML document/],
    ["a quote without its end", "log:\n  level: 'INFO\nping: {}\n", "3:1", /end of the quotes/],
    ["a quote without its end at the end", "log:\n  level: 'INFO\n", "3:1", /quote/],
    ["text with a colon that lacks quotes", "rule: Host(`a`) && Path: x\n", "1:24", /needs quotes/],
    ["a control character", "log: a\u0007b\n", "1:7", /found a control character/],
    ["an alias without an anchor", "log: *nope\n", "1:6", /no anchor "nope"/],
    ["an alias of itself", "log: &a\n  level: *a\n", "2:10", /"a" refers to what it is a part of/],
    ["a merge of what is no section", "a: 1\nb:\n  <<: 5\n", "3:7", /a section to merge/],
    [
      "a merge of an alias that is none",
      "a: &a 1\nb: { <<: [*a] }\n",
      "2:10",
      /a section to merge/,
    ],
    ["a merge of nothing", "a:\n  <<:\n", "2:3", /a section to merge/],
    ["two merges", "a: &a {}\nb: { <<: *a, <<: *a }\n", "2:14", /"<<" is there twice/],
    ["a binary", "a: !!binary aGk=\n", "1:13", /expected plain text/],
    ["a set", "a: !!set { b }\n", "1:10", /expected plain text/],
    ["a list as a key", "? [a, b]\n: 1\n", "1:3", /expected a name as the key/],
    ["a bracket without its end", "log: [a, b\n", "2:1", /end of the quotes or brackets/],
    ["a bracket without its end in a line", "log: [a, b", "1:11", /end with a \]/],
    ["text where a key belongs", "log:\n  level: INFO\n  oops\nping: {}\n", "3:", /./],
  ];
  test.each(cases)("%s", (_, text, where, expected) => {
    const line = message(text, "f.yml").split("\n")[0];
    expect(line).toStartWith(`f.yml:${where}`);
    expect(line).toMatch(expected);
  });

  test("an alias bomb is refused quickly", () => {
    const levels = Array.from(
      { length: 12 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(", ")}]`,
    );
    const bomb = `l0: &l0 [${Array(10).fill("x").join(", ")}]\n${levels.join("\n")}\n`;
    expect(message(bomb, "f.yml")).toBe(`f.yml:7:10: ${TOO_MUCH}`);
  });

  test("a wide bomb is refused too", () => {
    const list = (of: string, count: number) => `[${Array(count).fill(of).join(",")}]`;
    const bomb = `a: &a ${list("x", 2000)}\nb: &b ${list("*a", 300)}\nc: ${list("*b", 300)}\n`;
    expect(message(bomb, "f.yml")).toStartWith(`f.yml:3:`);
    expect(message(bomb, "f.yml")).toEndWith(TOO_MUCH);
  });

  test("a bomb of merges is refused before anything is merged", () => {
    const base = Array.from({ length: 20_000 }, (_, i) => `  k${i}: 1\n`).join("");
    const merges = Array.from({ length: 2000 }, (_, i) => `m${i}: { <<: *b }\n`).join("");
    // The 100th would be the first above two million.
    expect(message(`b: &b\n${base}${merges}`, "f.yml")).toBe(`f.yml:20101:12: ${TOO_MUCH}`);
  });

  test("an alias that has aliases counts with all that they bring", () => {
    const list = (of: string, count: number) => `[${Array(count).fill(of).join(",")}]`;
    const nested = (uses: number) =>
      parseFile(
        `a: &a ${list("x", 999)}\nb: &b ${list("*a", 999)}\nc: ${list("*b", uses)}`,
        "f.yml",
      );
    expect((nested(1).value as { c: unknown[] }).c).toHaveLength(1);
    expect(() => nested(2)).toThrow(`f.yml:3:8: ${TOO_MUCH}`);
  });

  test("merges: a section's own keys first, then the sections in their order", () => {
    const text = "a: &a { x: 1, y: 1 }\nb: &b { y: 2, z: 2 }\nc: { y: 0, <<: [*a, *b] }\n";
    expect(parseFile(text, "f.yml").value).toMatchObject({ c: { x: 1, y: 0, z: 2 } });
  });

  test("thousands of uses of one anchor are fine", () => {
    const uses = Array.from({ length: 20_000 }, (_, i) => `  k${i}: *a\n`).join("");
    const { value } = parseFile(`base: &a { x: 1 }\nuses:\n${uses}`, "f.yml");
    expect(Object.keys((value as { uses: object }).uses)).toHaveLength(20_000);
  });

  test("deep nesting is an error and not the end", () => {
    for (const text of ["[".repeat(20_000), `${"[".repeat(20_000)}${"]".repeat(20_000)}`])
      expect(message(text, "f.yml")).toBe(`f.yml:1:200: ${TOO_DEEP}`);
  });

  test("an empty file, and one of comments, says nothing", () => {
    for (const text of ["", "\n", "# nothing\n", "---\n", "\uFEFF"]) {
      expect(parseFile(text, "f.yml").value).toEqual({});
      expect(staticErrors(text, "f.yml")).toEqual([]);
    }
  });

  test("a file that is a list or a text has no keys", () => {
    expect(message("- a\n", "f.yml")).toBe("f.yml:1:1: expected a section with keys, found a list");
    expect(message("nonsense\n", "f.yml")).toBe(
      'f.yml:1:1: expected a section with keys, found "nonsense"',
    );
  });

  test("integers are exact", () => {
    const text = "a: 9223372036854775807\nb: -9223372036854775808\nc: 42\nd: 0x10\n";
    expect(parseFile(text, "f.yml").value).toEqual({
      a: 9223372036854775807n,
      b: -9223372036854775808n,
      c: 42,
      d: 16,
    });
  });
});

describe("TOML", () => {
  const cases: [name: string, text: string, where: string, expected: RegExp][] = [
    ["no value", "[log]\nlevel =\n", "3:1", /[Uu]nspecified/],
    ["a key twice", "a = 1\na = 2\n", "2:1", /multiple times/],
    ["a table twice", "[log]\n[ping]\n[log]\n", "3:2", /multiple times/],
    ["a bracket without its end", "[log\nlevel = 1\n", "2:1", /./],
    ["a date", "[log]\nlevel = 2001-01-01\n", "2:9", /put it in quotes/],
    ["a reserved name", "[entryPoints.__proto__]\naddress = ':80'\n", "1:14", /reserved/],
  ];
  test.each(cases)("%s", (_, text, where, expected) => {
    const line = message(text, "f.toml");
    expect(line).toStartWith(`f.toml:${where}`);
    expect(line).toMatch(expected);
  });

  test("integers are exact", () => {
    expect(parseFile("a = 9223372036854775807\nb = 42\n", "f.toml").value).toEqual({
      a: 9223372036854775807n,
      b: 42,
    });
  });

  test("deep nesting is an error and not the end", () => {
    expect(message(`a = ${"[".repeat(100_000)}${"]".repeat(100_000)}`, "f.toml")).toBe(
      "f.toml:1:1: lists or tables are nested too deeply",
    );
  });

  test("names that JavaScript has for itself are names like any other", () => {
    const { value } = parseFile("[http.routers.constructor]\nrule = 'x'\n", "f.toml");
    expect(JSON.stringify(value)).toBe('{"http":{"routers":{"constructor":{"rule":"x"}}}}');
    expect(Object.hasOwn(Object, "rule")).toBe(false);
  });
});

describe("JSON", () => {
  const cases: [name: string, text: string, where: string][] = [
    ["a missing comma", '{"a": 1 "b": 2}', "1:9"],
    ["a trailing comma", '{\n  "a": 1,\n}', "3:1"],
    ["an object without its end", '{"a":\n1', "2:2"],
    ["a list without its end", '{"a": [1, 2}', "1:12"],
    ["an empty element", "[1,,2]", "1:4"],
    ["a missing colon", '{"a" 1}', "1:6"],
    ["a comment", "// x\n{}", "1:1"],
    ["single quotes", "{'a': 1}", "1:2"],
    ["a line break in a text", '{"a": "x\ny"}', "1:7"],
    ["an unknown word", '{"a": tru}', "1:7"],
    ["a leading zero", '{"a": 01}', "1:8"],
    ["something behind the end", "{}\nx", "2:1"],
    ["nothing", "", "1:1"],
    ["a key twice", '{"a": 1,\n "a": 2}', "2:2"],
  ];
  test.each(cases)("%s", (_, text, where) => {
    expect(message(text, "f.json")).toStartWith(`f.json:${where}: `);
  });

  test("deep nesting is an error and not the end", () => {
    const text = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    expect(message(text, "f.json")).toBe(`f.json:1:200: ${TOO_DEEP}`);
  });

  test("tabs, escapes and a byte order mark are fine", () => {
    const text = '\uFEFF{\n\t"a": "\\ud83d\\ude00\\/",\n\t"b": [1,\t2]\n}';
    expect(parseFile(text, "f.json").value).toEqual({ a: "😀/", b: [1, 2] });
  });

  test("is read as JSON.parse reads it", () => {
    // What ours has on purpose: exact integers, and an empty document for null.
    const data = fc
      .jsonValue({ stringUnit: "binary", noUnicodeString: false } as fc.JsonSharedConstraints)
      .filter((value) => value !== null && !/__proto__|\d{16}/.test(JSON.stringify(value)));
    fc.assert(
      fc.property(data, fc.constantFrom("", " ", "\t", "\r", "\r\n"), (value, space) => {
        const text = JSON.stringify(value, null, 1).replace(/\n */g, `\n${space}`);
        expect(JSON.stringify(parseFile(text, "f.json").value)).toBe(JSON.stringify(value));
      }),
    );
  });

  test("a key that merges in YAML is a name, and a lone carriage return is space", () => {
    const text = '{\r"<<": {"a": 1},\r"b": 2}';
    expect(parseFile(text, "f.json").value).toEqual({ "<<": { a: 1 }, b: 2 });
  });
});

test("another extension is refused", () => {
  expect(message("", "traefik.ini")).toBe(
    'traefik.ini:1:1: expected a .yml, .yaml, .toml or .json file, found ".ini"',
  );
});

test("no document reaches a prototype", () => {
  const texts: [string, string][] = [
    ["f.yml", "__proto__: { polluted: 1 }\na: { __proto__: { polluted: 1 } }\n"],
    ["f.yml", "<<: { __proto__: { polluted: 1 } }\n"],
    ["f.json", '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'],
    ["f.toml", "[a.__proto__]\npolluted = 1\n"],
    ["f.toml", "constructor.prototype.polluted = 1\n"],
  ];
  for (const [file, text] of texts) {
    staticErrors(text, file);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  }
});
