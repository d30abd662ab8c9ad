import type { Outcome } from "../../runtime/conformance/run.ts";
import { SUITE } from "../../runtime/conformance/suite.ts";

/** How long all cases together may take, in milliseconds. */
const PATIENCE = 120_000;

/**
 * Runs the conformance suite in a process of its own, because it signals itself and breaks on
 * purpose, and returns what became of each case.
 */
export async function runSuite(command: string[]): Promise<Map<string, string>> {
  const child = Bun.spawn([...command, "one argument", "--two"], {
    env: { ...process.env, SLUICE_CONFORMANCE: "yes" },
    stdout: "pipe",
    stderr: "pipe",
    timeout: PATIENCE,
    killSignal: "SIGKILL",
  });
  const [output, complaints] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  const results = new Map<string, string>();
  for (const { name } of SUITE) results.set(name, `It didn't run to its end.\n${complaints}`);
  for (const line of output.split("\n")) {
    if (!line.startsWith("{")) continue;
    const { name, error } = JSON.parse(line) as Outcome;
    results.set(name, error ?? "passed");
  }
  return results;
}
