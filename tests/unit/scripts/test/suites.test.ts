import { expect, test } from "bun:test";
import { inOrder, type Job, suitesOf } from "../../../../scripts/test/suites.ts";

test("every flavour runs every black-box file, in a process of its own", () => {
  const files: Record<string, string[]> = {
    "tests/e2e": ["tests/e2e/a.test.ts", "tests/e2e/http2/http2-floods.test.ts"],
  };
  const suites = suitesOf((folder) => files[folder] ?? []);
  const blackBox = suites.filter(({ name }) => name.startsWith("e2e-"));
  expect(blackBox.map(({ name }) => name)).toEqual([
    "e2e-bun",
    "e2e-workers",
    "e2e-deno",
    "e2e-executable",
  ]);
  for (const { name, jobs } of blackBox) {
    expect(jobs.map(({ paths, alone }) => [...paths, alone])).toEqual([
      ["tests/e2e/a.test.ts", false],
      ["tests/e2e/http2/http2-floods.test.ts", true],
    ]);
    const flavour = name.slice("e2e-".length);
    expect(jobs[0].env).toEqual(
      flavour === "workers"
        ? { SLUICE_FLAVOUR: "bun", SLUICE_WORKERS: "2" }
        : { SLUICE_FLAVOUR: flavour },
    );
  }
});

test("the longest begin first, those that run alone come last", () => {
  const job = (seconds: number, alone = false): Job => ({
    suite: "s",
    paths: [],
    env: {},
    alone,
    seconds,
  });
  const order = inOrder([job(1), job(9, true), job(3), job(2)]);
  expect(order.map(({ seconds }) => seconds)).toEqual([3, 2, 1, 9]);
});
