import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseRule, type RuleNode } from "../../../src/rules/parser.ts";
import { RuleError } from "../../../src/rules/rule-error.ts";

const MATCHERS = {
  Path: { min: 1, max: 1 },
  Query: { min: 1, max: 2 },
  ClientIP: { min: 1, max: 1 },
};

const parse = (rule: string) => parseRule(rule, MATCHERS);

/** With all parentheses. */
function shown(node: RuleNode): string {
  switch (node.type) {
    case "matcher":
      return node.values.join("=");
    case "not":
      return `!${shown(node.operand)}`;
    default:
      return `(${node.operands.map(shown).join(node.type === "and" ? "&" : "|")})`;
  }
}

/** `a` for Path(`a`), to keep the tables short. */
const expand = (rule: string) => rule.replace(/[a-z]/g, (name) => `Path(\`${name}\`)`);

describe("precedence", () => {
  const cases: [string, string][] = [
    ["a", "a"],
    ["(((a)))", "a"],
    ["a && b", "(a&b)"],
    ["a && b && c", "(a&b&c)"],
    ["a || b || c", "(a|b|c)"],
    ["a || b && c", "(a|(b&c))"],
    ["a && b || c", "((a&b)|c)"],
    ["a && b || c && d || e", "((a&b)|(c&d)|e)"],
    ["(a || b) && c", "((a|b)&c)"],
    ["a && (b && c)", "(a&(b&c))"],
    ["!a && b", "(!a&b)"],
    ["!(a && b)", "!(a&b)"],
    ["!!a", "!!a"],
    ["! ! (!a || b)", "!!(!a|b)"],
    ["a && !b || !c", "((a&!b)|!c)"],
    ["a\n  || b\n  || c\n", "(a|b|c)"],
    ["a /* one */ && // two\n b", "(a&b)"],
  ];
  for (const [rule, tree] of cases) {
    test(JSON.stringify(rule), () => expect(shown(parse(expand(rule)))).toBe(tree));
  }
});

describe("matchers", () => {
  test("names as in the table, lower, upper and with a capital", () => {
    for (const name of ["ClientIP", "clientip", "CLIENTIP", "Clientip"]) {
      expect(parse(`${name}(\`x\`)`)).toEqual({ type: "matcher", name: "ClientIP", values: ["x"] });
    }
  });

  test("one value, several, and a comma behind the last", () => {
    const query = (values: string[]) => ({ type: "matcher" as const, name: "Query", values });
    expect(parse("Query(`a`)")).toEqual(query(["a"]));
    expect(parse('Query ( `a` , "b" )')).toEqual(query(["a", "b"]));
    expect(parse("Query(`a`, `b`,)")).toEqual(query(["a", "b"]));
  });
});

describe("mistakes", () => {
  const cases: [string, string, number][] = [
    ["", "expected a matcher such as Host(`example.com`), found the end", 1],
    ["   ", "expected a matcher such as Host(`example.com`), found the end", 4],
    ["Path(`/`) &&", "expected a matcher such as Host(`example.com`), found the end", 13],
    ["Path(`/`) || || Path(`/`)", "expected a matcher such as Host(`example.com`), found ||", 14],
    ["&& Path(`/`)", "expected a matcher such as Host(`example.com`), found &&", 1],
    ["!", "expected a matcher such as Host(`example.com`), found the end", 2],
    ["()", "expected a matcher such as Host(`example.com`), found )", 2],
    ["`a`", 'expected a matcher such as Host(`example.com`), found "a"', 1],
    ["Path(`/`))", "expected &&, || or the end, found )", 10],
    ["Path(`/`) Path(`/`)", "expected &&, || or the end, found Path", 11],
    ["(Path(`/`)", "expected &&, || or ), found the end", 11],
    ["Path", "expected ( behind the matcher's name, found the end", 5],
    ["Path && Path", "expected ( behind the matcher's name, found &&", 6],
    ["Path()", "Path takes 1 value, found 0", 1],
    ["Path(a)", "expected a value in backticks or double quotes, found a", 6],
    ["Path(,)", "expected a value in backticks or double quotes, found ,", 6],
    ["Path(`/` `/`)", 'expected , or ), found "/"', 10],
    ["Query(`a`,,)", "expected , or ), found ,", 11],
    ["Path((`/`))", "expected a value in backticks or double quotes, found (", 6],
    ["Path(``)", "expected a value, found none", 6],
    ['Query(`a`, "")', "expected a value, found none", 12],
    ["!Path(`/`, `/`)", "Path takes 1 value, found 2, write (Path(`/`) || Path(`/`))", 2],
    ["Query(`a`, `b`, `c`)", "Query takes 1 or 2 values, found 3", 1],
    ["PaTh(`/`)", 'unknown matcher "PaTh", expected one of Path, Query, ClientIP', 1],
    ["(toString(`/`))", 'unknown matcher "toString", expected one of Path, Query, ClientIP', 2],
    [`${"!".repeat(200)}Path(\`/\`)`, "nested deeper than 200", 201],
    [`${"(".repeat(200)}Path(\`/\`)`, "nested deeper than 200", 201],
  ];
  for (const [rule, message, column] of cases) {
    test(JSON.stringify(rule.slice(0, 60)), () => {
      let found: unknown;
      try {
        parse(rule);
      } catch (error) {
        found = error;
      }
      expect(found).toBeInstanceOf(RuleError);
      expect((found as RuleError).message).toStartWith(
        `${message} at column ${column} of the rule `,
      );
      expect((found as RuleError).column).toBe(column);
    });
  }

  test("a rule too long to be one", () => {
    expect(() => parse("(".repeat(1024 * 1024 + 1))).toThrow(
      "expected at most 1048576 characters, found 1048577",
    );
  });
});

test("ten thousand alternatives stand side by side", () => {
  const rule = Array.from({ length: 10_000 }, (_, i) => `Path(\`/${i}\`)`).join(" || ");
  const node = parse(rule);
  expect(node.type === "or" && node.operands.length).toBe(10_000);
});

test("parenthesis, any nesting: what is written is what is read", () => {
  type Tree = string | { op: "&" | "|"; of: Tree[] } | { not: Tree };
  const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      fc.constantFrom("a", "b", "c"),
      fc.record({
        op: fc.constantFrom("&" as const, "|" as const),
        of: fc.array(tie("tree"), { minLength: 2, maxLength: 4 }),
      }),
      fc.record({ not: tie("tree") }),
    ),
  }));
  const written = (node: Tree): string => {
    if (typeof node === "string") return `path("${node}")`;
    if ("not" in node) return `!${written(node.not)}`;
    return `(${node.of.map(written).join(` ${node.op}${node.op} `)})`;
  };
  const expected = (node: Tree): string => {
    if (typeof node === "string") return node;
    if ("not" in node) return `!${expected(node.not)}`;
    return `(${node.of.map(expected).join(node.op)})`;
  };
  fc.assert(fc.property(tree, (node) => expect(shown(parse(written(node)))).toBe(expected(node))));
});

test("any text is a rule or a RuleError", () => {
  const piece = fc.constantFrom(
    "Path",
    "(",
    ")",
    "`/`",
    '"a"',
    "&&",
    "||",
    "!",
    ",",
    " ",
    "`",
    '"',
    "\\",
    "é",
    "\n",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      try {
        parse(pieces.join(""));
      } catch (error) {
        expect(error).toBeInstanceOf(RuleError);
      }
    }),
    { numRuns: 2000 },
  );
});
