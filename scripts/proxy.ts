/**
 * `bun run proxy`: Sluice from its sources. Installs what it needs where that isn't there yet, then
 * runs the program in this process; arguments are the program's.
 */
import process from "node:process";
import { installDependencies } from "./dependencies.ts";
import { followLauncher } from "./follow-launcher.ts";

// The process has looked for packages when there were none, and its threads would go by that.
if (installDependencies("production"))
  process.execve?.(process.execPath, [process.execPath, ...process.argv.slice(1)], process.env);
followLauncher();
await import("../runtime/bun/main.ts");
