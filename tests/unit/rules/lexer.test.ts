import { describe, expect, test } from "bun:test";
import { tokenize } from "../../../src/rules/lexer.ts";
import { RuleError } from "../../../src/rules/rule-error.ts";

const short = (rule: string) =>
  tokenize(rule).map(({ kind, text, column }) =>
    kind === "name" || kind === "string" ? `${column}:${kind} ${text}` : `${column}:${kind}`,
  );

const value = (rule: string) => tokenize(rule)[0].text;

function errorOf(rule: string): [string, number] {
  try {
    tokenize(rule);
  } catch (error) {
    if (error instanceof RuleError) return [error.message, error.column];
    throw error;
  }
  throw new Error(`no error in ${rule}`);
}

describe("tokens and their columns", () => {
  const cases: [string, string[]][] = [
    ["", ["1:end"]],
    ["  ", ["3:end"]],
    ["Host(`a`)", ["1:name Host", "5:(", "6:string a", "9:)", "10:end"]],
    [
      "! (a) && b||c",
      ["1:!", "3:(", "4:name a", "5:)", "7:&&", "10:name b", "11:||", "13:name c", "14:end"],
    ],
    ['a("b",\t`c`)', ["1:name a", "2:(", "3:string b", "6:,", "8:string c", "11:)", "12:end"]],
    ["a\n&&\r\nb", ["1:name a", "3:&&", "7:name b", "8:end"]],
    ["a // b && c\n|| d", ["1:name a", "13:||", "16:name d", "17:end"]],
    ['a /* ` " */ b /**/', ["1:name a", "13:name b", "19:end"]],
    ['`a // b` "/* c */"', ["1:string a // b", "10:string /* c */", "19:end"]],
    ["Größe_1(`ü`)", ["1:name Größe_1", "8:(", "9:string ü", "12:)", "13:end"]],
    [`${"m".repeat(100)}()`, [`1:name ${"m".repeat(100)}`, "101:(", "102:)", "103:end"]],
  ];
  for (const [rule, tokens] of cases) {
    test(JSON.stringify(rule), () => expect(short(rule)).toEqual(tokens));
  }
});

describe("strings", () => {
  const cases: [string, string][] = [
    ["``", ""],
    ["`\\d+\\.com\"'`", "\\d+\\.com\"'"],
    ["`a\r\nb`", "a\nb"],
    ['""', ""],
    ['"a`b\'c"', "a`b'c"],
    ['"\\a\\b\\f\\n\\r\\t\\v\\\\\\""', '\x07\b\f\n\r\t\v\\"'],
    ['"^\\\\d+$"', "^\\d+$"],
    ['"\\x41\\102\\u0043\\U00000044"', "ABCD"],
    ['"\\xc3\\xa9 \\303\\251 \\u00e9 é"', "é é é é"],
    ['"\\U0001F9AD\\xf0\\x9f\\xa6\\xad🦭"', "🦭🦭🦭"],
    ['"\\ufeff"', "\ufeff"],
  ];
  for (const [rule, text] of cases) {
    test(JSON.stringify(rule), () => expect(value(rule)).toBe(text));
  }

  test("long ones", () => {
    const text = "é".repeat(300_000);
    expect(value(`\`${text}\``)).toBe(text);
    expect(value(`"\\t${text}"`)).toBe(`\t${text}`);
    expect(value(`"${"\\t".repeat(300_000)}"`)).toBe("\t".repeat(300_000));
  });
});

describe("mistakes", () => {
  const cases: [string, string, number][] = [
    ["Host(`a)", "a string without its closing `", 6],
    ['Host("a)', 'a string without its closing "', 6],
    ['Host("a\nb")', 'a string without its closing "', 6],
    ['Host("a\\', 'a string without its closing "', 6],
    ["Host('a')", "strings are in backticks or double quotes, found '", 6],
    ["a & b", 'unexpected "&"', 3],
    ["a | b", 'unexpected "|"', 3],
    ["a.b", 'unexpected "."', 2],
    ["a;", 'unexpected ";"', 2],
    ["  1", 'unexpected "1"', 3],
    ["a 🦭", 'unexpected "🦭"', 3],
    ["a /* b", 'unexpected "/"', 3],
    ['a("b\\d")', "unknown escape \\d", 5],
    ['a("b\\\'")', "unknown escape \\'", 5],
    ['a("\\x4")', "unknown escape \\x", 4],
    ['a("\\18")', "unknown escape \\1", 4],
    ['a("xy\\ud800")', "the escape \\ud800 is no character", 6],
    ['a("\\U00110000")', "the escape \\U00110000 is no character", 4],
    ['a("\\400")', "the escape \\400 is no character", 4],
    ['a("\\xff")', "the escapes of this string give no UTF-8", 3],
  ];
  for (const [rule, message, column] of cases) {
    test(JSON.stringify(rule), () =>
      expect(errorOf(rule)).toEqual([`${message} at column ${column} of the rule ${rule}`, column]),
    );
  }

  test("a long rule is shown around the place", () => {
    const [message, column] = errorOf(`${"a".repeat(5000)} § ${"b".repeat(5000)}`);
    expect(column).toBe(5002);
    expect(message).toContain("at column 5002 of the rule …aaa");
    expect(message).toContain(" § bbb");
    expect(message.length).toBeLessThan(300);
  });

  test("many half-open comments are one mistake", () => {
    expect(errorOf("/* ".repeat(100_000))[1]).toBe(1);
  });
});
