/** `bun run bench`: Sluice beside nginx and HAProxy, in one run on one machine. See bench/settings.ts. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installDependencies } from "../scripts/dependencies.ts";
import { ROOT } from "../scripts/paths.ts";
import { startBackend } from "./backend.ts";
import type { Result } from "./bench-context.ts";
import { describeMachine } from "./machine.ts";
import { killAll } from "./measured-process.ts";
import { performanceDocument, resultTables } from "./report.ts";
import { ROWS } from "./rows.ts";
import { readSettings } from "./settings.ts";

process.exit(await main());

async function main(): Promise<number> {
  let settings: ReturnType<typeof readSettings>;
  try {
    settings = readSettings(process.argv.slice(2));
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  installDependencies("all");
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
  const results: Result[] = [];
  const failures: string[] = [];
  const progress = (text: string) => console.error(text);
  try {
    const backend = await startBackend(workspace);
    for (const name of settings.only) {
      try {
        results.push(await ROWS[name]({ settings, workspace, backend, progress }));
      } catch (error) {
        failures.push(`${name}: ${(error as Error).message}`);
        console.error(failures.at(-1));
      }
    }
  } finally {
    cleanUp();
  }
  const machine = describeMachine();
  console.log(`\n${resultTables(results)}\n${machine.join("\n")}`);
  for (const failure of failures) console.log(`failed: ${failure}`);
  if (settings.write && failures.length === 0) {
    mkdirSync(join(ROOT, "docs"), { recursive: true });
    writeFileSync(
      join(ROOT, "docs/performance.md"),
      performanceDocument(results, machine, settings),
    );
    console.log("Written: docs/performance.md");
  }
  return failures.length === 0 ? 0 : 1;
}
