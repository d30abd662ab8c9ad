/**
 * `bun run test`: installs what is needed, runs every suite, and sums up. The last line is
 * `N passed, N failed, N skipped`. Fails where a test failed, and, with CI=true or
 * SLUICE_FORBID_SKIPS=1, where one was skipped. Arguments choose suites by name:
 * `bun run test unit e2e-deno`.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { installDependencies } from "./dependencies.ts";
import { ROOT } from "./paths.ts";
import { addUp, NOTHING, type Outcome, readOutcome } from "./test-outcome.ts";

interface Suite {
  readonly name: string;
  /** Directories; the suite is left out where none is there. */
  readonly paths: readonly string[];
  readonly command: (paths: readonly string[]) => string[];
  readonly env?: Record<string, string>;
  /** What must have been run before; its failure fails the suite. */
  readonly before?: readonly string[];
}

const bun = (paths: readonly string[]) => [
  process.execPath,
  "test",
  "--only-failures",
  // What the preloaded file sets holds for the first test file alone.
  "--timeout=60000",
  ...paths.map((path) => `./${path}`),
];
const e2e = (flavour: string) => ({
  name: `e2e-${flavour}`,
  paths: ["tests/e2e"],
  command: bun,
  env: { SLUICE_FLAVOUR: flavour },
});

const SUITES: readonly Suite[] = [
  { name: "unit", paths: ["tests/unit", "tests/support", "tests/fuzz"], command: bun },
  { name: "conformance", paths: ["tests/conformance"], command: bun },
  e2e("bun"),
  e2e("deno"),
  { ...e2e("executable"), before: [process.execPath, "scripts/build.ts"] },
];

installDependencies("all");
const chosen = chooseSuites(process.argv.slice(2));
const outcomes: [string, Outcome][] = [];
for (const suite of chosen) {
  const outcome = await runSuite(suite);
  if (outcome !== undefined) outcomes.push([suite.name, outcome]);
}
process.exit(summary(outcomes));

function chooseSuites(names: readonly string[]): readonly Suite[] {
  for (const name of names) {
    if (!SUITES.some((suite) => suite.name === name)) {
      const known = SUITES.map((suite) => suite.name).join(", ");
      throw new Error(`unknown suite "${name}"; expected one of ${known}`);
    }
  }
  return names.length === 0 ? SUITES : SUITES.filter((suite) => names.includes(suite.name));
}

/** Undefined where the suite has no directory. */
async function runSuite(suite: Suite): Promise<Outcome | undefined> {
  const paths = suite.paths.filter((path) => existsSync(join(ROOT, path)));
  if (paths.length === 0) return undefined;
  console.log(`\n=== ${suite.name} ===`);
  if (suite.before !== undefined) {
    const { exitCode } = Bun.spawnSync([...suite.before], {
      cwd: ROOT,
      stdout: "inherit",
      stderr: "inherit",
    });
    if (exitCode !== 0) {
      console.error(`${suite.before.slice(1).join(" ")} failed with exit code ${exitCode}`);
      return { ...NOTHING, failed: 1 };
    }
  }
  const process_ = Bun.spawn(suite.command(paths), {
    cwd: ROOT,
    env: { ...process.env, ...suite.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const texts = await Promise.all([
    passedOn(process_.stdout, process.stdout),
    passedOn(process_.stderr, process.stderr),
  ]);
  return readOutcome(texts.join("\n"), await process_.exited);
}

/** Shows a stream as it comes and returns its text. */
async function passedOn(
  stream: ReadableStream<Uint8Array>,
  target: NodeJS.WriteStream,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    target.write(chunk);
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}

/** Prints the table and the closing line; returns the exit code. */
function summary(outcomes: readonly [string, Outcome][]): number {
  const total = addUp(outcomes.map(([, outcome]) => outcome));
  const { CI, SLUICE_FORBID_SKIPS } = process.env;
  const forbidden = (CI === "true" || SLUICE_FORBID_SKIPS === "1") && total.skipped > 0;
  console.log("\n=== summary ===");
  for (const [name, { passed, failed, skipped }] of outcomes) {
    console.log(`${name.padEnd(18)} passed ${passed}  failed ${failed}  skipped ${skipped}`);
  }
  if (forbidden) console.log("Skipped tests are forbidden here: this run fails.");
  if (total.passed === 0) console.log("No test has passed: this run fails.");
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed > 0 || forbidden || total.passed === 0 ? 1 : 0;
}
