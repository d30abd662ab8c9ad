import { readFileSync } from "node:fs";

/** Milliseconds. */
const INTERVAL = 500;

/**
 * npx (and npm) answers SIGTERM by killing the shell that it runs commands in, and what that shell
 * started never hears of it. So, started through npx, watch that shell (npx, shell, `bun run`, this
 * process): when it is gone, this process gets the SIGTERM that was meant for it. Started in any
 * other way, and on systems without /proc, this does nothing.
 */
export function followLauncher(): void {
  if (!process.env["npm_execpath"]?.includes("npm-cli")) return;
  const shell = parentOf(process.ppid);
  if (shell === undefined || shell <= 1) return;
  const timer = setInterval(() => {
    if (parentOf(process.ppid) === shell) return;
    clearInterval(timer);
    process.kill(process.pid, "SIGTERM");
  }, INTERVAL);
  timer.unref();
}

/** The parent's id, by /proc/PID/stat; undefined where that can't be read. */
function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in parentheses may have spaces: "PID (NAME) STATE PARENT ...".
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    return undefined;
  }
}
