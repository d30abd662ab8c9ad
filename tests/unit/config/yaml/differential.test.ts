/** Our YAML reader reads as `yaml` does, which it took the place of: nothing is read otherwise. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parseAllDocuments, stringify } from "yaml";
import { parseYaml } from "../../../../src/config/sources/yaml/parse-yaml.ts";

const REFUSED = Symbol("refused");

/** The value, or REFUSED where the library finds an error. */
function reference(text: string): unknown {
  const documents = parseAllDocuments(text, {
    merge: true,
    intAsBigInt: true,
    uniqueKeys: false,
    logLevel: "error",
  });
  if (!Array.isArray(documents) || documents.length === 0) return {};
  const [document] = documents;
  if (documents.length > 1 || document.errors.length > 0) return REFUSED;
  try {
    return document.toJS({ maxAliasCount: -1 }) ?? {};
  } catch {
    return REFUSED;
  }
}

function ours(text: string): unknown {
  try {
    return parseYaml(text, "f.yml").value;
  } catch {
    return REFUSED;
  }
}

/** Values as text; the library has all integers as bigints. */
function show(value: unknown): string {
  return (
    JSON.stringify(value, (_, child) =>
      typeof child === "bigint"
        ? `integer ${child}`
        : typeof child === "number" && Number.isInteger(child)
          ? `integer ${BigInt(child)}`
          : typeof child === "number"
            ? `number ${child}`
            : child,
    ) ?? String(value)
  );
}

/** One document a line break apart from the next, `¶` for a line break in it. */
const CORPUS = [
  ...[
    "",
    "#c",
    "---",
    "--- {}",
    "a: 1",
    "---¶a: 1",
    "---¶a: 1¶...",
    "%YAML 1.2¶---¶a: 1",
    "\uFEFFa: 1",
  ],
  // Scalars
  "a: [~, null, Null, NULL, nULL, '', \"~\"]¶b:¶c: # none",
  "a: [true, True, TRUE, tRUE, false, False, FALSE, yes, no, on, off, y, n]",
  "a: [0, -0, +1, 010, 0o17, 0o8, 0x1F, 0xg, 1_000, 0b1, 12:30:45, 1., .5, -.5, 1e3, 1.5E-3, 1e, .]",
  "a: [.inf, -.Inf, +.INF, .nan, .NaN, .nAn, -.nan]",
  "a: [9007199254740991, 9007199254740992, 9007199254740993, -9223372036854775808, 18446744073709551616]",
  "a: [0x7fffffffffffffff, 0o777777777777777777777, 123456789012345, 1234567890123456]",
  "a: [2001-12-14, 2001-12-14t21:59:43.10-05:00, 2001-12-14 21:59:43]",
  "a: [-1-, 1a, +, -a, .a, tru, nul, Nope, False1, ~a]",
  "a: [!!str 1, !!int '5', !!int x, !!float 1, !!float '1.5', !!bool 'true', !!null '', !foo bar, ! 5]",
  "a: !!map {b: 1}¶c: !!seq [1]¶d: !mine {e: 2}¶f: !<tag:yaml.org,2002:str> 5",
  "%TAG !e! tag:yaml.org,2002:¶---¶a: !e!str 5",
  "a: !!binary aGk=",
  "a: !!set {b}",
  "a: !!omap [b: 1]",
  "a: !!timestamp 2001-01-01",
  // Text
  "a: it's¶b: x # comment¶c: x#no comment¶d: http://a/b?c=d&e#f¶e: 'x # y'¶f: a: b",
  "a: 'it''s'¶b: \"\\t\\n\\\\\\\"\\x41\\u00e9\\U0001F600\\/\\e\\0\\ \\_\\N\\L\\P\"¶c: '\\n'",
  'a: "\\ud83d\\ude00"¶b: "\\q"',
  'a: "\\x4"',
  "a: one¶  two¶¶  three¶b: 1",
  "a: 'one¶  two¶¶¶  three  ¶  four'",
  'a: "one\\¶   two ¶  \\  three"',
  "a: Host(`a`) && PathPrefix(`/b`)¶b: \"Host(`a`)\"¶c: 'Host(`{sub:[a-z]+}.x`)'",
  "a: {b: c}d",
  "a: b]¶c: d}¶e: f, g¶h: a[0]¶i: -x¶j: ?x¶k: :x",
  "a: @x",
  "a: `x`",
  "a: %x",
  "a: *",
  "a: &",
  "a: |x",
  "a: |¶  one¶    two¶¶  three¶b: 1",
  "a: |-¶  one¶b: |+¶  two¶¶c: |2¶    three¶d: >¶  a¶  b¶¶   c¶  d",
  "a: >-¶  one¶  two¶¶  three¶b: >+¶  x¶¶",
  "a: |¶¶  x¶b:¶  - |¶    y¶  - >¶    z¶    z",
  "a: |",
  "a: |  # c¶  # text¶  x: y¶# c¶b: 1",
  "a: |+¶¶b: >1-¶  x¶   y",
  // Sections and lists
  "a:¶- 1¶- 2¶b:¶  - 1¶  -¶    2",
  "a:¶  - b: 1¶    c: 2¶  -   d: 3¶      e: 4¶  - - 1¶    - 2¶  -¶  - ~",
  "a: [1, [2, {b: 3}], c: 4, ]¶d: {e: , f, g: {}}¶h: []",
  "a: {\"b\":1,'c':2}¶\"d\": e¶'f g': h",
  "a: [¶  1,¶  2¶]¶b: {¶  c: 1¶}¶d:¶  e: [ # c¶    f¶  ]",
  "{a: 1, b: [2]}",
  "[1, 2]",
  "a",
  "'a'",
  "- a¶- b: 1",
  "? a¶: 1¶? b",
  "? [a]¶: 1",
  "? |¶  x¶: 1",
  "1: a¶0x10: b¶1.5: c¶true: d¶-1: e¶9007199254740993: f",
  'a b: c d¶"a: b": 1¶a:b: 2¶-a: 3¶é: 4¶a/b@c.d: 5',
  "a: 1¶ b: 2",
  "a:¶  b: 1¶ c: 2",
  "a: 1¶b",
  "a: 1¶a: 2",
  "a: {b: 1, b: 2}",
  "1: a¶'1': b",
  "a:\t1¶b: [1,\t2]¶c:\t{d:\t[e]}",
  "a:¶\tb: 1",
  "a: 'x",
  "a: [1",
  "a: 1¶---¶b: 2",
  "a: 1¶...¶b: 2",
  "__proto__: 1¶constructor: 2¶a: {__proto__: {b: 3}}",
  "<<: {__proto__: {a: 1}}",
  // Anchors and merges
  "a: &x 1¶b: *x¶c: [*x, *x]",
  "a: &x {b: 1}¶c: *x¶d: {<<: *x, e: 2}¶f: {b: 3, <<: *x}",
  "a: &x [1]¶b: *x¶c: &x 2¶d: *x",
  "a: &x {k: 1, l: 1}¶b: &y {l: 2, m: 2}¶c: {<<: [*x, *y], m: 3}¶d: {<<: [{n: 1}, *y]}¶e: {<<: {f: 1}}",
  "a: &x {<<: {b: 1}, c: 2}¶d: {<<: *x}",
  "a: &x¶  b: 1¶c:¶  <<: *x¶  b: 2¶  d: 3",
  "\"<<\": {a: 1}¶'<<': 2",
  "a: &x 1¶b: {<<: *x}",
  "a: {<<: 1}",
  "a: {<<: [1]}",
  "a: {<<: }",
  "a: *x",
  "a: &x [*x]",
  "a: {<<: {b: 1}, <<: {c: 2}}",
  "a: &x !!str 1¶b: !!str &y 2¶c: [*x, *y]",
  "&a a: &b b¶*b : 1",
  "a: &x¶b: *x",
  "- &a b¶- *a",
];

/** What is refused today and wasn't, or the other way round, and why. */
const CHANGED = new Map<string, string>([
  // The library knows these tags; their values are no plain data.
  ["a: !!binary aGk=", "refused by our reader before, too"],
  ["a: !!set {b}", "the same"],
  ["a: !!omap [b: 1]", "the same"],
  ["a: !!timestamp 2001-01-01", "the same"],
  // Duplicates, keys that are no names and merges were our own check before, too.
  ["a: 1¶a: 2", "duplicate"],
  ["a: {b: 1, b: 2}", "duplicate"],
  ["1: a¶'1': b", "duplicate"],
  ["\"<<\": {a: 1}¶'<<': 2", "duplicate"],
  ["a: {<<: {b: 1}, <<: {c: 2}}", "duplicate"],
  ["? [a]¶: 1", "no name"],
  ["&a a: &b b¶*b : 1", "no name"],
  ["a: &x [*x]", "a circle"],
  ["a: {<<: }", "merges nothing"],
]);

test.each(CORPUS)("%j is read as before", (line) => {
  const text = line.replaceAll("¶", "\n");
  for (const written of [text, `${text}\n`, text.replaceAll("\n", "\r\n")]) {
    if (CHANGED.has(line)) expect(ours(written)).toBe(REFUSED);
    else expect(show(ours(written))).toBe(show(reference(written)));
  }
});

test.each(["static", "dynamic"])("Traefik's reference of the %s configuration", (name) => {
  const text = readFileSync(join(import.meta.dir, `../reference/${name}.yaml`), "utf8");
  expect(show(ours(text))).toBe(show(reference(text)));
});

test("documents that the library writes, in all its styles", () => {
  const document = fc.dictionary(
    fc.string({ unit: "grapheme" }).filter((key) => key !== "<<"),
    fc.jsonValue({ stringUnit: "grapheme" } as fc.JsonSharedConstraints),
  );
  const style = fc.record({
    indent: fc.constantFrom(1, 2, 4),
    indentSeq: fc.boolean(),
    lineWidth: fc.constantFrom(20, 80),
    collectionStyle: fc.constantFrom("any", "block", "flow"),
    defaultStringType: fc.constantFrom(
      "PLAIN",
      "QUOTE_SINGLE",
      "QUOTE_DOUBLE",
      "BLOCK_LITERAL",
      "BLOCK_FOLDED",
    ),
    defaultKeyType: fc.constantFrom("PLAIN", "QUOTE_DOUBLE", "QUOTE_SINGLE"),
    aliasDuplicateObjects: fc.boolean(),
  });
  fc.assert(
    fc.property(document, style, fc.constantFrom("\n", "\r\n"), (data, options, end) => {
      const shared = { ...data, again: data };
      const text = stringify(shared, options as never).replaceAll("\n", end);
      const expected = reference(text);
      // What the library writes and can't read itself, such as control characters.
      fc.pre(
        expected !== REFUSED && !/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]/.test(text),
      );
      expect(show(ours(text))).toBe(show(expected));
    }),
    { numRuns: 150 },
  );
});

test("of texts made of YAML's marks, those that both readers take say the same", () => {
  const marks = [
    ..."a b 1 true null ~ [ ] { } # & * ! | > ' \" % é \\ @".split(" "),
    ...[
      ": ",
      ":",
      "- ",
      "\n",
      "\n",
      "\n  ",
      "\n    ",
      " ",
      ", ",
      " # c",
      "&x ",
      "*x",
      "!t ",
      "!!str ",
    ],
    ...[
      "|-\n  ",
      ">\n  ",
      "---\n",
      "...\n",
      "0x1f",
      "1.5",
      "<<: ",
      "\\n",
      "\t",
      "\r\n",
      "key: ",
      "b: ",
      "- a\n",
    ],
  ];
  const text = fc
    .tuple(
      fc.constantFrom("k: ", "k:\n  ", "k: ["),
      fc.array(fc.constantFrom(...marks), { maxLength: 14 }),
    )
    .map(([begin, parts]) => begin + parts.join(""));
  let taken = 0;
  fc.assert(
    fc.property(text, (written) => {
      // A key that isn't written is "null" where the library merges it, and "" elsewhere.
      const merged = (value: unknown) => show(value).replaceAll('"null":', '"":');
      const [before, now] = [reference(written), ours(written)];
      // The library cuts off blanks that belong to a block with a width of its own.
      fc.pre(before !== REFUSED && now !== REFUSED && !/[|>][-+]?\d/.test(written));
      taken++;
      expect(merged(now)).toBe(merged(before));
    }),
    { numRuns: 1500, maxSkipsPerRun: 1000 },
  );
  expect(taken).toBeGreaterThan(500);
});
