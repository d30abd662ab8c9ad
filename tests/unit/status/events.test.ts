import { expect, test } from "bun:test";
import { Events, notingLogger } from "../../../src/status/events.ts";
import { createLogger } from "../../../src/telemetry/logger.ts";
import { MemoryFile } from "../../support/memory-file.ts";

test("warnings and what is worse are noted, whatever the level of the log", () => {
  const events = new Events(() => 7);
  const file = new MemoryFile();
  const logger = notingLogger(createLogger({ level: "ERROR", format: "json" }, file), events);
  const own = logger.with({ providerName: "file" });
  logger.info("nothing");
  own.warn("a warning", { error: new Error("why"), list: [1], none: undefined });
  own.with({ a: 1 }).error("x".repeat(2000));
  expect(events.errors.map(({ at, level, fields }) => [at, level, fields])).toEqual([
    [7, "error", { providerName: "file", a: "1" }],
    [7, "warn", { providerName: "file", error: "why", list: "[1]" }],
  ]);
  expect(events.errors[0].message).toHaveLength(500);
  const lines = file.lines();
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0])).toMatchObject({ providerName: "file", a: 1 });
});

test("a change of health is noted once", () => {
  const events = new Events(() => 1);
  const verdict = (up: boolean) =>
    events.checked({ kind: "http", service: "s@file", server: "http://a", up });
  for (const up of [true, false, false, true, true]) verdict(up);
  expect(events.health.map(({ up }) => up)).toEqual([true, false]);
});

test("the newest hundred are kept", () => {
  const events = new Events();
  for (let i = 0; i < 250; i++) events.logged("error", String(i), {});
  expect([events.errors.length, events.errors[0].message]).toEqual([100, "249"]);
});
