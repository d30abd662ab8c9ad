import { readdirSync, readFileSync } from "node:fs";
import { PROXY_CORES, pinned } from "./pinning.ts";

const PAGE = 4096;

export interface StartOptions {
  /** Cores that the process is held to; those of the measured processes by default. */
  readonly cores?: readonly number[];
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A server with its children, as /proc sees it. */
export class MeasuredProcess {
  readonly #process: Bun.Subprocess<"ignore", "ignore", "pipe">;
  #stderr = "";

  /** The process may open as many files as the system lets it. */
  constructor(command: readonly string[], directory: string, options: StartOptions = {}) {
    const limited = [
      "sh",
      "-c",
      'ulimit -n 32768 2>/dev/null || ulimit -n "$(ulimit -Hn)"; exec "$@"',
      "sh",
    ];
    this.#process = Bun.spawn([...limited, ...pinned(options.cores ?? PROXY_CORES, command)], {
      cwd: directory,
      env: { ...process.env, NO_COLOR: "1", ...options.env },
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    running.add(this);
    this.#collect();
  }

  get pid(): number {
    return this.#process.pid;
  }

  get exited(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Nanoseconds on a core, by thread, of the process and its children (/proc/PID/task/TID/schedstat). */
  threads(): Map<number, number> {
    const threads = new Map<number, number>();
    for (const { pid } of this.#stats()) {
      for (const thread of entries(`/proc/${pid}/task`)) {
        const [spent] = read(`/proc/${pid}/task/${thread}/schedstat`).split(" ");
        if (spent !== "") threads.set(Number(thread), Number(spent));
      }
    }
    return threads;
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
    // The process first: nginx would replace a worker that ends before it.
    for (const { pid } of this.#stats()) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  /** The process first, then its descendants; fields of /proc/PID/stat from the state (field 3) on. */
  #stats(): { pid: number; fields: string[] }[] {
    const all = entries("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => {
        const stat = read(`/proc/${name}/stat`);
        return { pid: Number(name), fields: stat.slice(stat.lastIndexOf(")") + 2).split(" ") };
      })
      .filter(({ fields }) => fields.length > 21);
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

/** Empty where the process has ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
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
  options?: StartOptions,
): Promise<MeasuredProcess> {
  const server = new MeasuredProcess(command, directory, options);
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
