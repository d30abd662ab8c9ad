import { type ChildProcess, spawn } from "node:child_process";

/**
 * Waits for the end of its input, which is the router's; then it kills what is left and removes the directory.
 * Lines before that name processes that have been started (+) or have ended (-).
 */
const SCRIPT = `trap '' INT TERM HUP QUIT
pids=' '
while read -r sign pid; do
  case $sign in
    +) pids="$pids$pid " ;;
    -) pids="\${pids%% $pid *} \${pids#* $pid }" ;;
  esac
done
for pid in $pids; do kill -9 "$pid"; done
rm -rf -- "$1"`;

/** Sees to it that nothing is left where the router ends without a word. */
export class ProcessGuard {
  private readonly shell: ChildProcess;
  private lost = false;

  /** Resolves with null where the system has no shell, as in the smallest of containers, which end with their router. */
  static start(directory: string): Promise<ProcessGuard | null> {
    return new Promise((resolve) => {
      const shell = spawn("/bin/sh", ["-c", SCRIPT, "sluice-guard", directory], {
        stdio: ["pipe", "ignore", "ignore"],
        env: { PATH: "/usr/bin:/bin" },
        cwd: "/",
        // A terminal's signals are for the router.
        detached: true,
      });
      shell.once("error", () => resolve(null));
      shell.once("spawn", () => resolve(new ProcessGuard(shell)));
    });
  }

  private constructor(shell: ChildProcess) {
    this.shell = shell;
    shell.unref();
    const lost = () => {
      this.lost = true;
    };
    shell.once("exit", lost);
    shell.stdin!.on("error", lost);
  }

  started(pid: number): void {
    if (!this.lost) this.shell.stdin!.write(`+ ${pid}\n`);
  }

  ended(pid: number): void {
    if (!this.lost) this.shell.stdin!.write(`- ${pid}\n`);
  }

  /** Has it kill and remove what is left; resolves when it is done. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.lost) resolve();
      else {
        this.shell.once("exit", () => resolve());
        this.shell.stdin!.end();
      }
    });
  }
}
