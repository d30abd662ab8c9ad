/** `bun run bench`: Sluice beside other proxies, in one run on one machine. See bench/settings.ts. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installDependencies } from "../scripts/dependencies.ts";
import { ROOT } from "../scripts/paths.ts";
import type { Result } from "./context.ts";
import { describeMachine } from "./measure/machine.ts";
import { killAll } from "./measure/measured-process.ts";
import { performanceDocument } from "./report/document.ts";
import { readResults, writeResult } from "./report/results.ts";
import { resultTables } from "./report/tables.ts";
import { ROWS } from "./rows.ts";
import { startBackend } from "./scenario/backend.ts";
import { readSettings, type Settings } from "./settings.ts";

process.exit(await main());

async function main(): Promise<number> {
  const names = Object.keys(ROWS);
  let settings: Settings;
  try {
    settings = readSettings(process.argv.slice(2), names, process.env);
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  installDependencies("all");
  const results: Result[] = [];
  const failures = await measure(settings, results);
  const machine = describeMachine();
  console.log(`\n${resultTables(results)}\n${machine.join("\n")}`);
  for (const failure of failures) console.log(`failed: ${failure}`);
  if (settings.quick) console.log("Quick: the JIT was not done, and few rounds count.");
  if (settings.write && failures.length === 0) {
    const document = performanceDocument(readResults(names), machine, settings);
    writeFileSync(join(ROOT, "docs/performance.md"), document);
    console.log("Written: docs/performance.md");
  }
  return failures.length === 0 ? 0 : 1;
}

/** Runs the rows; returns which of them failed. */
async function measure(settings: Settings, results: Result[]): Promise<string[]> {
  // Outside of the directories that the proxies watch or that editors index.
  const workspace = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const cleanUp = () => {
    killAll();
    rmSync(workspace, { recursive: true, force: true });
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      cleanUp();
      process.exit(1);
    });
  }
  const failures: string[] = [];
  const progress = (text: string) => console.error(text);
  try {
    const backend = await startBackend(workspace);
    for (const name of settings.rows) {
      try {
        const result = await ROWS[name]({ settings, workspace, backend, progress });
        results.push(result);
        if (!settings.quick) writeResult(name, result);
      } catch (error) {
        failures.push(`${name}: ${(error as Error).message}`);
        console.error(failures.at(-1));
      }
    }
  } finally {
    cleanUp();
  }
  return failures;
}
