import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { compileGoRegexp, isSafeForNative } from "../../../src/rules/go-regexp.ts";

describe("Go's syntax", () => {
  const cases: [pattern: string, yes: string[], no: string[]][] = [
    ["", ["", "a"], []],
    ["^$", [""], ["a", "\n"]],
    ["b", ["abc"], ["ac"]],
    ["^/(css|js)/[0-9]+$", ["/css/1", "/js/23"], ["/css/", "/CSS/1", "/css/1\n"]],
    ["(?i)^straSSe$", ["STRASSE", "strasse"], ["straße"]],
    ["(?i)k", ["K", "\u212a"], ["l"]],
    ["^.$", ["a", "é", "🦭", "\r", "\u2028"], ["\n", "", "ab"]],
    ["(?s)^.$", ["\n"], [""]],
    ["(?m)^b$", ["a\nb\nc"], ["ab"]],
    ["\\Aa\\z", ["a"], ["a\n"]],
    ["^\\Qa.b\\E$", ["a.b"], ["acb"]],
    ["^[[:alpha:]]+$", ["abc"], ["é", "1"]],
    ["^\\p{Greek}\\pN$", ["α1"], ["a1"]],
    ["^\\d\\w\\s$", ["1_ ", "1a\t"], ["١a "]],
    ["^\\x{1F9AD}\\x41$", ["🦭A"], ["🦭"]],
    ["^(?P<a>x)(?<b>y)$", ["xy"], ["x"]],
    ["^a{2,3}?$", ["aa", "aaa"], ["a", "aaaa"]],
    ["\\bfoo\\b", ["a foo b"], ["afoo"]],
    ["^[^a]$", ["b", "\n", "🦭"], ["a", ""]],
    ["{subdomain:[a-z]+}", ["{subdomain:abc}"], ["abc"]],
  ];
  for (const [pattern, yes, no] of cases) {
    test(JSON.stringify(pattern), () => {
      const expression = compileGoRegexp(pattern);
      for (const text of yes) expect([text, expression.test(text)]).toEqual([text, true]);
      for (const text of no) expect([text, expression.test(text)]).toEqual([text, false]);
    });
  }

  for (const pattern of [
    "(a",
    "a)",
    "[a",
    "a**",
    "*",
    "(?=a)",
    "(?!a)",
    "(?<=a)b",
    "(a)\\1",
    "\\C",
    "a{1001}",
    "(a{1000}){1000}",
    "(?P<n>a)(?P<n>b)",
    "[z-a]",
    "\\",
    "\\pX",
  ]) {
    test(`is not ${pattern}`, () => {
      expect(() => compileGoRegexp(pattern)).toThrow(
        `expected a regular expression in Go's syntax, found "${pattern}": `,
      );
    });
  }

  test("nor what is longer than 4096 characters", () => {
    expect(compileGoRegexp("a".repeat(4096)).test("a".repeat(5000))).toBe(true);
    expect(() => compileGoRegexp("a".repeat(4097))).toThrow(
      "expected a regular expression of at most 4096 characters, found 4097",
    );
  });
});

test("find gives the leftmost match, by Go's preference", () => {
  expect(compileGoRegexp("b+").find("abbbcbb")).toBe("bbb");
  expect(compileGoRegexp("a|ab").find("xab")).toBe("a");
  expect(compileGoRegexp("x*").find("ab")).toBe("");
  expect(compileGoRegexp("^/[a-z]+").find("/api/v1")).toBe("/api");
  expect(compileGoRegexp("z").find("ab")).toBeNull();
});

describe("replace", () => {
  const cases: [pattern: string, text: string, replacement: string, result: string][] = [
    ["a(x*)b", "-ab-axxb-", "T", "-T-T-"],
    ["a(x*)b", "-ab-axxb-", "$1", "--xx-"],
    ["a(x*)b", "-ab-axxb-", "$1W", "---"],
    ["a(x*)b", "-ab-axxb-", "${1}W", "-W-xxW-"],
    ["a(?P<X>x*)b", "-ab-axxb-", "$X${X}", "--xxxx-"],
    ["a(?P<X>x*)b", "-ab-axxb-", "$X_", "---"],
    ["(a)(b)?", "a", "[$0|$1|$2|$3|$9999999999]", "[a|a|||]"],
    ["(a)", "a", "$01${01}", ""],
    ["a", "a", "$$1 $ $- ${ ${} ${a-b} $", "$1 $ $- ${ ${} ${a-b} $"],
    ["a", "a", "$$$$", "$$"],
    ["(?P<constructor>a)|b", "ab", "<$constructor>", "<a><>"],
    ["a", "a", "$toString$__proto__", ""],
    ["(a)", "a", "$1é|${1}é", "|aé"],
    ["(?P<y>a)", "a", "${y}$y", "aa"],
    ["x*", "abc", "-", "-a-b-c-"],
    ["x*", "axxb", "-", "-a-b-"],
    ["x*", "🦭a", "-", "-🦭-a-"],
    ["b*", "abb", "-", "-a-"],
    ["^", "ab", "-", "-ab"],
    ["$", "ab", "-", "ab-"],
    ["", "", "-", "-"],
    ["a", "bbb", "-", "bbb"],
    ["^/api/(.*)", "/api/users/1", "/$1", "/users/1"],
    ["^http://([^/]+)/(.*)$", "http://a.test/x?y", "https://$1/${2}", "https://a.test/x?y"],
    ["(.)(.)", "🦭b", "$2$1", "b🦭"],
  ];
  for (const [pattern, text, replacement, result] of cases) {
    test(JSON.stringify([pattern, text, replacement]), () => {
      expect(compileGoRegexp(pattern).replace(text, replacement)).toBe(result);
    });
  }

  test("with one template after another", () => {
    const expression = compileGoRegexp("(a)(b)");
    expect(["$1", "", "$2", "$2"].map((template) => expression.replace("ab", template))).toEqual([
      "a",
      "",
      "b",
      "b",
    ]);
  });
});

test("catastrophic patterns return on long texts", () => {
  const long = "a".repeat(50_000);
  for (const pattern of [
    "^(a+)+$",
    "^(a|aa)+$",
    "^(a|a?)+$",
    "(.*)*x",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "(x+x+)+y",
    `${"a?".repeat(40)}${"a".repeat(40)}b`,
    `^${"a?".repeat(40)}${"a".repeat(40)}b`,
    `^${"(a|aa)".repeat(40)}b`,
    `^${"a*".repeat(20)}b`,
    "a*b",
    "[a-z]+/",
  ]) {
    const expression = compileGoRegexp(pattern);
    expect(expression.test(`${long}!`)).toBe(false);
    expect(expression.find(`${long}!`)).toBeNull();
    expect(expression.replace(`${long}!`, "")).toBe(`${long}!`);
  }
});

describe("what the platform's engine may do", () => {
  const safe = [
    "",
    "^",
    "$",
    "^$",
    "^/api",
    "\\.png$",
    "^[a-z]+\\.example\\.com$",
    "^/v[0-9]+/",
    "^https?$",
    "^/(css|js)$",
    "^/(css|js)?/[a-z]*",
    "a-b c",
    "^\\d+$",
    "[^/]",
  ];
  const unsafe = [
    "a+",
    "x[0-9]*",
    "^a+b+",
    "^(a+)b",
    "^(a|b)+",
    "^(a)*",
    "a|b",
    ".",
    "^.*$",
    "\\w",
    "\\bx",
    "(?i)a",
    "a{2}",
    "a??",
    "^a+?",
    "é",
    "[é]",
    "[\\d]",
    "[[:alpha:]]",
    "[a",
    "\\$$x",
    "a^",
    "a$b",
    "^^",
    "()",
    "(|a)",
    "a?".repeat(7),
    "(a|aa)".repeat(7),
    `(${"a|".repeat(65)}a)`,
  ];
  for (const pattern of safe)
    test(`may: ${pattern}`, () => expect(isSafeForNative(pattern)).toBe(true));
  for (const pattern of unsafe)
    test(`may not: ${pattern.slice(0, 30)}`, () => expect(isSafeForNative(pattern)).toBe(false));

  const unit = fc.constantFrom(
    "a",
    "b",
    "Z",
    "0",
    "9",
    "/",
    ".",
    "-",
    "_",
    " ",
    "\n",
    "\r",
    "\u2028",
    "é",
    "K",
    "\u212a",
    "ſ",
    "🦭",
    "\ud83e",
    "\udd9d",
    "\\",
    "$",
    "^",
  );
  const text = fc.array(unit, { maxLength: 12 }).map((units) => units.join(""));
  const literal = fc.constantFrom(
    "a",
    "b",
    "Z",
    "0",
    "/",
    "-",
    "_",
    " ",
    "\\.",
    "\\$",
    "\\^",
    "\\\\",
    "k",
    "s",
  );
  const atom = fc.oneof(
    literal,
    fc.constantFrom("[a-z]", "[^a]", "[^/.]", "[A-Za-z0-9]", "[0-9.]", "[A-z]", "\\d"),
    fc
      .array(
        fc.array(literal, { minLength: 1, maxLength: 2 }).map((each) => each.join("")),
        { minLength: 1, maxLength: 3 },
      )
      .map((each) => `(${each.join("|")})`),
  );
  const piece = fc
    .tuple(atom, fc.constantFrom("", "", "", "?", "+", "*"))
    .map((each) => each.join(""));
  const pattern = fc
    .tuple(fc.constantFrom("", "^"), fc.array(piece, { maxLength: 6 }), fc.constantFrom("", "$"))
    .map(([start, pieces, end]) => start + pieces.join("") + end);

  test("both engines agree on it", () => {
    let compared = 0;
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 8 }), (source, texts) => {
        if (!isSafeForNative(source)) return;
        const re2 = RE2JS.compile(source);
        const native = new RegExp(source, "u");
        for (const each of texts) {
          compared++;
          expect([source, each, native.test(each)]).toEqual([
            source,
            each,
            re2.matcher(each).find(),
          ]);
        }
      }),
      { numRuns: 5000 },
    );
    expect(compared).toBeGreaterThan(1000);
  });

  test("and our answer is RE2's on any pattern", () => {
    fc.assert(
      fc.property(pattern, text, (source, each) => {
        expect(compileGoRegexp(source).test(each)).toBe(RE2JS.compile(source).matcher(each).find());
      }),
      { numRuns: 2000 },
    );
  });
});
