import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./paths.ts";

/** Which dependencies: what runs the router, or also what tests and builds it. */
export type Dependencies = "production" | "all";

const STAMP = join(ROOT, "node_modules/.sluice-dependencies");

/**
 * Makes sure that `node_modules` has what bun.lock says, and does nothing where it has. Quiet unless
 * the installation fails: then it shows what the installer said and throws. True where something was
 * installed.
 */
export function installDependencies(which: Dependencies): boolean {
  const lock = Bun.hash(readFileSync(join(ROOT, "bun.lock"))).toString(16);
  const stamp = existsSync(STAMP) ? readFileSync(STAMP, "utf8") : "";
  if (stamp === `all ${lock}` || stamp === `${which} ${lock}`) return false;
  // Never less than what is there: a production install would remove the others' packages.
  const lessWillDo = which === "production" && (stamp === "" || stamp.startsWith("production"));
  const production = lessWillDo && (stamp !== "" || !existsSync(join(ROOT, "node_modules")));
  console.error("Installing dependencies");
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [process.execPath, "install", "--frozen-lockfile", ...(production ? ["--production"] : [])],
    { cwd: ROOT, stdin: "ignore", stdout: "pipe", stderr: "pipe", env: installerEnvironment() },
  );
  if (exitCode !== 0) {
    process.stderr.write(stdout);
    process.stderr.write(stderr);
    throw new Error(`installing the dependencies failed with exit code ${exitCode}`);
  }
  writeFileSync(STAMP, `${production ? "production" : "all"} ${lock}`);
  return true;
}

/** The executable would act as itself, not as Bun, and a script's NODE_ENV must not choose packages. */
function installerEnvironment(): Record<string, string | undefined> {
  return { ...process.env, NODE_ENV: undefined };
}
