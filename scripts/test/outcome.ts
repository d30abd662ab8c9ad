/** How a run of tests ended. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const NOTHING: Outcome = { passed: 0, failed: 0, skipped: 0 };

/**
 * Reads the counts that Bun's test runner prints at its end. A run that failed without
 * counting a failure (it crashed, or printed nothing) has one failure.
 */
export function readOutcome(output: string, exitCode: number): Outcome {
  const text = output.replace(/\x1b\[[0-9;]*m/g, "");
  const outcome = readBun(text);
  if (outcome === undefined) return { ...NOTHING, failed: 1 };
  return exitCode !== 0 && outcome.failed === 0 ? { ...outcome, failed: 1 } : outcome;
}

export function addUp(outcomes: readonly Outcome[]): Outcome {
  return outcomes.reduce(
    (sum, outcome) => ({
      passed: sum.passed + outcome.passed,
      failed: sum.failed + outcome.failed,
      skipped: sum.skipped + outcome.skipped,
    }),
    NOTHING,
  );
}

/** " 12 pass", " 1 skip", " 1 todo", " 0 fail", then "Ran 14 tests across 2 files." */
function readBun(text: string): Outcome | undefined {
  if (!/^Ran \d+ tests? across \d+ files?/m.test(text)) return undefined;
  const count = (word: string) =>
    Number(
      text
        .match(new RegExp(`^ *(\\d+) ${word}$`, "gm"))
        ?.at(-1)
        ?.trim()
        .split(" ")[0] ?? 0,
    );
  return { passed: count("pass"), failed: count("fail"), skipped: count("skip") + count("todo") };
}
