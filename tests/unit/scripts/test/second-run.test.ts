import { expect, test } from "bun:test";
import type { Outcome } from "../../../../scripts/test/outcome.ts";
import { type Finished, runFailedAgain } from "../../../../scripts/test/second-run.ts";
import type { Job } from "../../../../scripts/test/suites.ts";

const GOOD: Outcome = { passed: 3, failed: 0, skipped: 0 };
const BAD: Outcome = { passed: 2, failed: 1, skipped: 0 };

function finished(name: string, outcome: Outcome): Finished {
  const job: Job = { suite: "s", paths: [name], env: {}, alone: false, seconds: 1 };
  return { job, outcome, again: false };
}

async function secondRun(first: readonly Finished[], second: (name: string) => Outcome) {
  const ran: string[] = [];
  const results = await runFailedAgain(first, async ({ paths }) => {
    ran.push(paths[0]);
    return second(paths[0]);
  });
  return {
    ran,
    results: results.map(({ job, outcome, again }) => [job.paths[0], outcome, again]),
  };
}

test("only what failed runs again, and its second outcome counts", async () => {
  const first = [finished("a", GOOD), finished("b", BAD), finished("c", BAD)];
  const { ran, results } = await secondRun(first, (name) => (name === "b" ? GOOD : BAD));
  expect(ran).toEqual(["b", "c"]);
  expect(results).toEqual([
    ["a", GOOD, false],
    ["b", GOOD, true],
    ["c", BAD, true],
  ]);
});

test("where more than eight failed, nothing runs again", async () => {
  const first = Array.from({ length: 9 }, (_, i) => finished(`f${i}`, BAD));
  const { ran, results } = await secondRun(first, () => GOOD);
  expect(ran).toEqual([]);
  expect(results.every(([, outcome]) => outcome === BAD)).toBe(true);
});
