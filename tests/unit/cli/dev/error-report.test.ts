import { expect, test } from "bun:test";
import { errorReport, reportPage, reportText } from "../../../../src/cli/dev/error-report.ts";

const TEXT = ["one", "two", "  throw new Error();", "four", "five", "six", "seven"].join("\n");
const files = {
  async read(path: string) {
    if (path !== "/app/hello.ts") throw new Error("not there");
    return new TextEncoder().encode(TEXT);
  },
};

const FRAME = [
  "  1 | one",
  "  2 | two",
  "> 3 |   throw new Error();",
  "    |         ^",
  "  4 | four",
  "  5 | five",
  "  6 | six",
].join("\n");

test("a module that can't be loaded: its place and the lines around it", async () => {
  const error = new Error('/app/hello.ts:3:9: expected ")"');
  expect(await errorReport(error, "/app", files)).toEqual({
    title: 'expected ")"',
    place: { file: "/app/hello.ts", line: 3, column: 9 },
    frame: FRAME,
    stack: [],
  });
});

test("what a module throws: the first place that is its author's", async () => {
  const error = new TypeError("no");
  error.stack = [
    "TypeError: no",
    "    at deep (/app/node_modules/hono/hono.js:1:1)",
    "    at fetch (file:///app/hello.ts?v=12ab:3:9)",
    "    at <anonymous> (/elsewhere/router.ts:9:9)",
  ].join("\n");
  const report = await errorReport(error, "/app", files);
  expect(report.title).toBe("TypeError: no");
  expect(report.place).toEqual({ file: "/app/hello.ts", line: 3, column: 9 });
  expect(report.frame).toBe(FRAME);
  expect(reportText(report, false)).toStartWith(
    "TypeError: no\n  at /app/hello.ts:3:9\n\n  1 | one",
  );
  expect(reportText(report, true)).toContain("\x1b[31mTypeError: no\x1b[0m");
});

test("what is no error, or of a file that is gone, has a report without lines", async () => {
  const gone = new Error("/gone/x.ts:1:1: away");
  for (const [thrown, title] of [
    ["a text", "a text"],
    [undefined, "undefined"],
    [gone, "away"],
  ]) {
    const report = await errorReport(thrown, "/app", files);
    expect([report.title, report.frame]).toEqual([title as string, ""]);
  }
});

test("nothing that an error says is markup, or moves the terminal's cursor", async () => {
  const report = await errorReport(new Error("<b>\x1b[2J"), "/app", files);
  expect(reportPage(report)).toContain("Error: &#60;b&#62;");
  expect(reportText(report, false)).toContain("Error: <b>\ufffd[2J");
});
