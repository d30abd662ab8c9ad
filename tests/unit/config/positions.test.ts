import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseFile } from "../../../src/config/sources/parse-file.ts";
import { documents, writeJson, writeToml, writeYaml } from "./written-document.ts";

const LANGUAGES = [
  ["yaml", writeYaml],
  ["json", writeJson],
  ["toml", writeToml],
] as const;

/** As text, because `toEqual` sees nothing in what has a key "constructor". */
function sorted(data: unknown): string {
  return JSON.stringify(data, (_, value) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}

describe.each(LANGUAGES)("a random document in %s", (extension, write) => {
  const file = `f.${extension}`;

  test("comes out as it was written", () => {
    fc.assert(
      fc.property(documents, (data) => {
        expect(sorted(parseFile(write(data).text, file).value)).toBe(sorted(data));
      }),
    );
  });

  test("has each key where it stands, in any case", () => {
    fc.assert(
      fc.property(documents, (data) => {
        const { text, places } = write(data);
        const document = parseFile(text, file);
        for (const [key, place] of places) {
          const path = JSON.parse(key) as string[];
          expect(`${path} ${document.locate(path)}`).toBe(`${path} ${file}:${place}`);
          const upper = path.map((step) => step.toUpperCase());
          // "ß" and its like have an upper case that doesn't lead back.
          if (upper.every((step, i) => step.toLowerCase() === path[i].toLowerCase()))
            expect(document.locate(upper)).toBe(`${file}:${place}`);
        }
      }),
    );
  });

  test("has the place of what is above for what isn't there", () => {
    fc.assert(
      fc.property(documents, (data) => {
        const { text, places } = write(data);
        const document = parseFile(text, file);
        for (const [key, place] of places)
          expect(document.locate([...JSON.parse(key), "not", "there"])).toBe(`${file}:${place}`);
      }),
    );
  });
});

test("of two names that differ in their case each has its own place", () => {
  for (const [file, text, places] of [
    ["f.yaml", "foo: 1\nFOO: 2\n", ["1:1", "2:1"]],
    ["f.json", '{"foo": 1, "FOO": 2}', ["1:2", "1:12"]],
    ["f.toml", "foo = 1\nFOO = 2\n", ["1:1", "2:1"]],
  ] as const) {
    const document = parseFile(text, file);
    expect([document.locate(["foo"]), document.locate(["FOO"])]).toEqual(
      places.map((place) => `${file}:${place}`),
    );
  }
});

test("TOML's inline tables and dotted keys", () => {
  const document = parseFile('a = { b = 1, "c" = [ { d = 2 } ] }\nx.y.z = 3\n', "f.toml");
  expect(document.value).toEqual({ a: { b: 1, c: [{ d: 2 }] }, x: { y: { z: 3 } } });
  for (const [path, place] of [
    [["a", "b"], "1:7"],
    [["a", "c"], "1:14"],
    [["a", "c", 0], "1:22"],
    [["a", "c", 0, "d"], "1:24"],
    [["x"], "2:1"],
    [["x", "y"], "2:3"],
    [["x", "y", "z"], "2:5"],
  ] as const) {
    expect(document.locate(path)).toBe(`f.toml:${place}`);
  }
});

test("what an alias or a merge brings is where the alias or the section stands", () => {
  const text =
    "base: &base\n  rule: x\nrouters:\n  a: *base\n  b:\n    <<: *base\n    service: s\n";
  const document = parseFile(text, "f.yaml");
  expect(document.value).toMatchObject({ routers: { a: { rule: "x" }, b: { rule: "x" } } });
  expect(document.locate(["routers", "a", "rule"])).toBe("f.yaml:4:3");
  expect(document.locate(["routers", "b", "rule"])).toBe("f.yaml:5:3");
  expect(document.locate(["routers", "b", "service"])).toBe("f.yaml:7:5");
});
