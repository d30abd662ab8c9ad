/** `bun run check`: types for both runtimes, lint, format, layers and other rules for sources, generated files. */
import { join } from "node:path";
import { denoBinary } from "./deno-binary.ts";
import { installDependencies } from "./dependencies.ts";
import { ROOT } from "./paths.ts";

installDependencies("all");

const bun = process.execPath;
const installed = (name: string) => join(ROOT, "node_modules/.bin", name);
const CHECKS: readonly [name: string, command: string[]][] = [
  ["types", [bun, installed("tsc"), "-p", "tsconfig.json"]],
  ["types of src, which names no runtime", [bun, installed("tsc"), "-p", "tsconfig.src.json"]],
  [
    "types on Deno",
    [
      denoBinary(),
      ...["check", "--quiet", "runtime/deno/main.ts", "runtime/deno/worker.ts"],
      "runtime/deno/isolation/handler-child.ts",
    ],
  ],
  [
    "lint and format",
    [bun, installed("biome"), "check", "--error-on-warnings", "--max-diagnostics=200", "."],
  ],
  ["sources", [bun, "scripts/check-sources.ts"]],
  ["schemas", [bun, "scripts/schema.ts", "--check"]],
];

const failed: string[] = [];
for (const [name, command] of CHECKS) {
  console.log(`=== ${name}`);
  const { exitCode } = Bun.spawnSync(command, {
    cwd: ROOT,
    stdin: "ignore",
    stdout: "inherit",
    stderr: "inherit",
  });
  if (exitCode !== 0) failed.push(name);
}
console.log(failed.length === 0 ? "All checks are fine." : `Failed: ${failed.join("; ")}`);
process.exit(failed.length === 0 ? 0 : 1);
