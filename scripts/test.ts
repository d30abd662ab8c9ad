/**
 * `bun run test`: installs what is needed, runs every suite, and sums up. Test files run side by
 * side, each in a process of its own; what a file has to say comes in one piece when it has ended.
 * The last line is `N passed, N failed, N skipped`. Fails where a test failed, and, with CI=true or
 * SLUICE_FORBID_SKIPS=1, where one was skipped. Arguments choose suites by name:
 * `bun run test unit e2e-deno`. SLUICE_TEST_JOBS=N runs N files at a time.
 *
 * Files that failed run once more, alone, when all others have ended: tests on real sockets share
 * the machine, and one that only fails beside others says little about the program. The second run
 * counts, and the summary names every file that needed it.
 */
import { availableParallelism } from "node:os";
import { installDependencies } from "./dependencies.ts";
import { ROOT } from "./paths.ts";
import { addUp, NOTHING, type Outcome, readOutcome } from "./test/outcome.ts";
import { inPool } from "./test/pool.ts";
import { type Finished, runFailedAgain } from "./test/second-run.ts";
import { inOrder, type Job, type Suite, suitesOf } from "./test/suites.ts";

/** Files of black-box tests wait more than they compute: more of them than there are cores. */
const JOBS = Number(process.env["SLUICE_TEST_JOBS"] ?? "") || availableParallelism() + 2;

installDependencies("all");
const suites = chooseSuites(suitesOf(testFiles), process.argv.slice(2));
const unprepared = new Set<string>();
const ready = suites.filter((suite) => {
  const prepared = suite.before === undefined || prepare(suite.before);
  if (!prepared) unprepared.add(suite.name);
  return prepared;
});
const finished: Finished[] = [];
await inPool(inOrder(ready.flatMap(({ jobs }) => jobs)), JOBS, async (job, slot) => {
  finished.push({ job, outcome: await run(job, slot), again: false });
});
const results = await runFailedAgain(finished, (job) => {
  console.log(`\n=== once more, alone: ${nameOf(job)}`);
  return run(job, 0);
});
process.exit(summary());

function testFiles(folder: string): string[] {
  const names = new Bun.Glob(`${folder}/**/*.test.ts`).scanSync({ cwd: ROOT });
  return [...names].map((name) => name.replaceAll("\\", "/")).sort();
}

function chooseSuites(all: readonly Suite[], names: readonly string[]): readonly Suite[] {
  for (const name of names) {
    if (!all.some((suite) => suite.name === name)) {
      const known = all.map((suite) => suite.name).join(", ");
      throw new Error(`unknown suite "${name}"; expected one of ${known}`);
    }
  }
  return names.length === 0 ? all : all.filter((suite) => names.includes(suite.name));
}

/** Runs one of the project's scripts; whether it worked. */
function prepare(script: readonly string[]): boolean {
  const { exitCode } = Bun.spawnSync([process.execPath, ...script], {
    cwd: ROOT,
    stdout: "inherit",
    stderr: "inherit",
  });
  if (exitCode !== 0) console.error(`${script.join(" ")} failed with exit code ${exitCode}`);
  return exitCode === 0;
}

/** Runs the job's tests and prints a line about them, below what they said where one failed or was skipped. */
async function run(job: Job, slot: number): Promise<Outcome> {
  const started = performance.now();
  const child = Bun.spawn(
    [
      process.execPath,
      "test",
      "--only-failures",
      // What the preloaded file sets holds for the first test file alone.
      "--timeout=60000",
      ...job.paths.map((path) => `./${path}`),
    ],
    {
      cwd: ROOT,
      // Files that run at the same time take their ports from different ranges.
      env: { ...process.env, ...job.env, SLUICE_TEST_SLOT: `${slot}/${JOBS}` },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const texts = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const output = texts.join("\n");
  const outcome = readOutcome(output, await child.exited);
  const { passed, failed, skipped } = outcome;
  const fine = failed === 0 && skipped === 0;
  if (!fine) console.log(`\n${output.trim()}`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
  const counts = `${passed} passed${fine ? "" : `, ${failed} FAILED, ${skipped} skipped`}`;
  console.log(`${seconds} s  ${nameOf(job)}: ${counts}`);
  return outcome;
}

/** Prints the table, what failed, and the closing line; returns the exit code. */
function summary(): number {
  const { CI, SLUICE_FORBID_SKIPS } = process.env;
  const outcomes = suites.map(({ name }): [string, Outcome] => {
    const own = results.filter(({ job }) => job.suite === name).map(({ outcome }) => outcome);
    return [name, unprepared.has(name) ? { ...NOTHING, failed: 1 } : addUp(own)];
  });
  const total = addUp(outcomes.map(([, outcome]) => outcome));
  const forbidden = (CI === "true" || SLUICE_FORBID_SKIPS === "1") && total.skipped > 0;
  console.log("\n=== summary ===");
  for (const [name, { passed, failed, skipped }] of outcomes) {
    console.log(`${name.padEnd(18)} passed ${passed}  failed ${failed}  skipped ${skipped}`);
  }
  for (const { job, outcome, again } of results) {
    if (outcome.failed > 0) console.log(`FAILED: ${nameOf(job)}`);
    else if (again) console.log(`failed beside others, passed when run alone: ${nameOf(job)}`);
  }
  if (forbidden) console.log("Skipped tests are forbidden here: this run fails.");
  if (total.passed === 0) console.log("No test has passed: this run fails.");
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 || forbidden || total.passed === 0 ? 1 : 0;
}

function nameOf({ suite, paths }: Job): string {
  return `${suite}  ${paths.join(" ")}`;
}
