import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LOG_LEVELS } from "../../../src/core/logger.ts";
import { createLogger, type LogOptions, logLevelOf } from "../../../src/telemetry/logger.ts";
import { MemoryFile } from "../../support/memory-file.ts";

function make(options: LogOptions) {
  const file = new MemoryFile();
  return { file, logger: createLogger(options, file) };
}

const COMMON = { level: "TRACE", noColor: true };
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)`;

describe("levels", () => {
  test("each drops what is below it", () => {
    for (const [index, level] of LOG_LEVELS.entries()) {
      const { file, logger } = make({ level: level.toUpperCase(), format: "json" });
      for (const method of ["trace", "debug", "info", "warn", "error", "fatal"] as const)
        logger[method]("x");
      const seen = file.lines().map((line) => JSON.parse(line).level);
      expect(seen).toEqual(LOG_LEVELS.slice(index, 6));
      for (const other of LOG_LEVELS)
        expect(logger.enabled(other)).toBe(LOG_LEVELS.indexOf(other) >= index);
    }
  });

  test("ERROR is the default; an unknown one is reported", () => {
    const quiet = make({});
    quiet.logger.warn("no");
    quiet.logger.error("yes");
    expect(quiet.file.lines()).toHaveLength(1);
    const { file, logger } = make({ level: "LOUD", noColor: true });
    expect(file.text()).toContain("found=LOUD");
    expect(logger.enabled("error") && !logger.enabled("warn")).toBe(true);
    expect([logLevelOf("Warn"), logLevelOf("LOUD")]).toEqual(["warn", undefined]);
  });
});

describe("common", () => {
  test("zerolog's console line", () => {
    const { file, logger } = make(COMMON);
    logger
      .with({ routerName: "a@file" })
      .info("Hello world", { count: 3, text: "two words", none: undefined, list: [1] });
    expect(file.text()).toMatch(
      new RegExp(
        `^${TIME} INF Hello world routerName=a@file count=3 text="two words" list=\\[1\\]\n$`,
      ),
    );
  });

  test("errors with their causes, stacks below", () => {
    const { file, logger } = make(COMMON);
    const error = new Error("dial failed", { cause: new Error("refused") });
    logger.debug("502 Bad Gateway", { error, stack: "Error: a\n    at b\n    at c" });
    const lines = file.text().split("\n");
    expect(lines[0]).toEndWith('DBG 502 Bad Gateway error="dial failed: refused"');
    expect(lines.slice(1)).toEqual(["    Error: a", "    at b", "    at c", ""]);
  });

  test("colours, unless there is a file", () => {
    const { file, logger } = make({ level: "INFO" });
    logger.info("x", { a: 1 });
    expect(file.text()).toContain(
      "\u001b[32mINF\u001b[0m \u001b[1mx\u001b[0m \u001b[36ma=\u001b[0m1",
    );
    const other = make({ level: "INFO", filePath: "/tmp/x.log" });
    other.logger.info("x");
    expect(other.file.text()).not.toContain("\u001b");
  });

  test("nothing forges a line or reaches the terminal", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.string({ unit: "binary" }),
        fc.string({ unit: "binary" }),
        (message, name, value) => {
          const { file, logger } = make(COMMON);
          logger.info(message, name === "stack" ? {} : { [name]: value });
          expect(file.text()).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]*\n$/);
        },
      ),
    );
  });
});

describe("json", () => {
  test("zerolog's keys", () => {
    const { file, logger } = make({ level: "INFO", format: "json" });
    logger
      .with({ providerName: "file" })
      .warn("Careful", { error: new TypeError("bad"), n: 1n, level: "mine" });
    const parsed = JSON.parse(file.text());
    expect(Object.keys(parsed)).toEqual([
      "level",
      "providerName",
      "error",
      "n",
      "level_",
      "time",
      "message",
    ]);
    expect(parsed).toMatchObject({
      level: "warn",
      providerName: "file",
      error: "bad",
      n: "1",
      level_: "mine",
      message: "Careful",
    });
    expect(parsed.time).toMatch(new RegExp(`^${TIME}$`));
  });

  test("any text comes back as it was, in one line", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.dictionary(
          fc
            .string({ minLength: 1 })
            .filter((key) => !["level", "time", "message", "__proto__"].includes(key)),
          fc.jsonValue(),
        ),
        (message, fields) => {
          const { file, logger } = make({ level: "INFO", format: "json" });
          logger.info(message, fields);
          expect(file.lines()).toHaveLength(1);
          const { level, time, message: text, ...rest } = JSON.parse(file.text());
          expect(text).toBe(message);
          expect(rest).toEqual(JSON.parse(JSON.stringify(fields)));
        },
      ),
    );
  });

  test("a cycle is no reason to fail", () => {
    const { file, logger } = make({ level: "INFO", format: "json" });
    const cycle: Record<string, unknown> = {};
    cycle["self"] = cycle;
    logger.info("x", { cycle });
    expect(JSON.parse(file.text()).cycle).toBe("[object Object]");
  });
});

test("reopen moves all loggers to the new file", () => {
  const { file, logger } = make(COMMON);
  const child = logger.with({ a: 1 });
  child.info("before");
  const next = new MemoryFile();
  expect(logger.reopen(next)).toBe(file);
  child.info("behind");
  expect([file.lines().length, next.lines().length]).toEqual([1, 1]);
});
