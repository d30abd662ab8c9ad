import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks a second in /proc/PID/stat: 100 on every Linux that Bun runs on. */
const TICKS = 100;
const PAGE = 4096;

/** A server with its children, as /proc sees it. */
export class MeasuredProcess {
  readonly #process: Bun.Subprocess<"ignore", "ignore", "pipe">;
  #stderr = "";

  /** The process may open as many files as the system lets it. */
  constructor(command: readonly string[], directory: string) {
    const limited = [
      "sh",
      "-c",
      'ulimit -n 32768 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"',
      "sh",
    ];
    this.#process = Bun.spawn([...limited, ...command], {
      cwd: directory,
      env: { ...process.env, NO_COLOR: "1" },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    running.add(this);
    this.#collect();
  }

  get exited(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Microseconds of CPU, user and system, that the process and its children have used. */
  cpu(): number {
    const ticks = this.#stats().reduce(
      (sum, { fields }) => sum + Number(fields[11]) + Number(fields[12]),
      0,
    );
    return (ticks / TICKS) * 1e6;
  }

  /** Resident bytes of the process and its children. */
  rss(): number {
    return this.#stats().reduce((sum, { fields }) => sum + Number(fields[21]) * PAGE, 0);
  }

  async stop(): Promise<void> {
    running.delete(this);
    this.#process.kill("SIGTERM");
    const timer = setTimeout(() => this.kill(), 5000);
    await this.#process.exited;
    clearTimeout(timer);
  }

  kill(): void {
    running.delete(this);
    for (const { pid } of this.#stats().reverse()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  /** The process first, then its descendants; fields of /proc/PID/stat from the state (field 3) on. */
  #stats(): { pid: number; fields: string[] }[] {
    const all = readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((name) => {
        try {
          const stat = readFileSync(`/proc/${name}/stat`, "latin1");
          return [{ pid: Number(name), fields: stat.slice(stat.lastIndexOf(")") + 2).split(" ") }];
        } catch {
          return [];
        }
      });
    const tree = all.filter(({ pid }) => pid === this.#process.pid);
    for (const member of tree)
      tree.push(...all.filter(({ fields }) => Number(fields[1]) === member.pid));
    return tree;
  }

  async #collect(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#process.stderr) {
      this.#stderr = (this.#stderr + decoder.decode(chunk, { stream: true })).slice(-4000);
    }
  }
}

const running = new Set<MeasuredProcess>();

/** Ends whatever was started and not stopped. */
export function killAll(): void {
  for (const process of running) process.kill();
}

/** Starts a server and waits until it accepts connections on `port`. */
export async function startServer(
  command: readonly string[],
  directory: string,
  port: number,
): Promise<MeasuredProcess> {
  const server = new MeasuredProcess(command, directory);
  for (let attempt = 0; attempt < 1000 && !server.exited; attempt++) {
    if (await accepts(port)) return server;
    await Bun.sleep(10);
  }
  server.kill();
  throw new Error(`${command[0]} does not accept connections on port ${port}:\n${server.stderr}`);
}

async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.terminate();
    return true;
  } catch {
    return false;
  }
}
