/**
 * `bun run proxy`: Sluice from its sources. Installs what it needs where that isn't there yet, then
 * runs the program in this process; arguments are the program's.
 */
import { installDependencies } from "./dependencies.ts";
import { followLauncher } from "./follow-launcher.ts";

installDependencies("production");
followLauncher();
await import("../runtime/bun/main.ts");
