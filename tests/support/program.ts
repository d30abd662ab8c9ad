import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Subprocess } from "bun";
import { command, FLAVOUR, type Flavour } from "./flavour.ts";
import { PATIENCE, waitFor, within } from "./wait-for.ts";

const PREFIX = join(tmpdir(), "sluice-test-");

export interface ProgramOptions {
  /** Arguments after the program's name. */
  args?: readonly string[];
  /** Texts of files by their path in the program's directory, which is also its working directory. */
  files?: Readonly<Record<string, string>>;
  /** Called with the program's directory, its files written, before it starts. */
  prepare?: (directory: string) => void;
  /** Ports on 127.0.0.1 that accept connections once the program has started. */
  ports?: readonly number[];
  /** Besides PATH; the test run's own environment stays out of it. */
  env?: Readonly<Record<string, string>>;
  flavour?: Flavour;
}

/** The real program, running. */
export class Program {
  /** Its working directory, a fresh temporary one. */
  readonly directory: string;
  /** What it wrote to standard output and standard error so far. */
  stdout = "";
  stderr = "";
  readonly #process: Subprocess<"ignore", "pipe", "pipe">;
  readonly #outputs: Promise<unknown>;

  /** Use `startProgram` or `launchProgram`. The directory is made here, as `kill` removes it. */
  constructor(options: ProgramOptions) {
    const directory = mkdtempSync(PREFIX);
    this.directory = directory;
    for (const [name, text] of Object.entries(options.files ?? {})) {
      const path = join(directory, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    options.prepare?.(directory);
    this.#process = Bun.spawn([...command(options.flavour ?? FLAVOUR), ...(options.args ?? [])], {
      cwd: directory,
      env: environment(directory, options.env),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    alive.add(this);
    const decoded = async (stream: ReadableStream<Uint8Array>, take: (text: string) => void) => {
      const decoder = new TextDecoder();
      for await (const chunk of stream) take(decoder.decode(chunk, { stream: true }));
    };
    this.#outputs = Promise.all([
      decoded(this.#process.stdout, (text) => (this.stdout += text)),
      decoded(this.#process.stderr, (text) => (this.stderr += text)),
    ]);
    this.#process.exited.then(() => alive.delete(this));
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Null while it runs. */
  get exitCode(): number | null {
    return this.#process.exitCode;
  }

  /** Everything it said, standard output first. */
  get log(): string {
    return this.stdout + this.stderr;
  }

  /** Waits until it has written something that matches, on either stream, and returns the match. */
  async logged(pattern: RegExp | string, patience = PATIENCE): Promise<RegExpExecArray | string> {
    return waitFor(
      `the log to have ${pattern}; it is:\n${this.log}`,
      () => {
        if (typeof pattern === "string") return this.log.includes(pattern) ? pattern : undefined;
        return pattern.exec(this.log) ?? undefined;
      },
      patience,
    ).catch((error: Error) => {
      throw new Error(`${error.message.split("\n")[0]}\n${this.log}`);
    });
  }

  /**
   * Replaces or creates a file of its directory as an editor does: a new file, renamed over the
   * old one.
   */
  async write(name: string, text: string): Promise<void> {
    const path = join(this.directory, name);
    await mkdir(dirname(path), { recursive: true });
    const temporary = join(dirname(path), `.${crypto.randomUUID()}.new`);
    await writeFile(temporary, text);
    await rename(temporary, path);
  }

  signal(signal: "SIGTERM" | "SIGINT" | "SIGUSR1" | "SIGHUP"): void {
    this.#process.kill(signal);
  }

  /** SIGTERM; the exit code. */
  async stop(patience = PATIENCE): Promise<number> {
    this.signal("SIGTERM");
    return this.exited(patience);
  }

  /** Waits until it has ended by itself; the exit code. What it wrote has all been read by then. */
  async exited(patience = PATIENCE): Promise<number> {
    const code = await within(
      `the program to end; it said:\n${this.log}`,
      this.#process.exited,
      patience,
    );
    await within("the program's output to end", this.#outputs);
    return code;
  }

  /** Kills it (no drain, no flush) and removes its directory. */
  kill(): void {
    alive.delete(this);
    this.#process.kill("SIGKILL");
    // Whatever happens to this class: it never removes anything but a directory of its own making.
    if (!this.directory.startsWith(PREFIX)) throw new Error(`refusing to remove ${this.directory}`);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Resident memory, bytes. */
  rss(): number {
    const pages = readFileSync(`/proc/${this.pid}/statm`, "latin1").split(" ")[1];
    return Number(pages) * 4096;
  }

  /**
   * Open file descriptors that are sockets, without those of the machine itself: Deno opens a pair
   * for its own use when it first has one.
   */
  sockets(): number {
    const { stdout } = Bun.spawnSync(["ls", "-l", `/proc/${this.pid}/fd`]);
    const inodes = Array.from(
      stdout.toString().matchAll(/socket:\[(\d+)\]/g),
      ([, inode]) => inode,
    );
    const local = new Set(
      // Num RefCount Protocol Flags Type St Inode Path
      readFileSync("/proc/net/unix", "latin1")
        .split("\n")
        .map((line) => line.trim().split(/\s+/)[6]),
    );
    return inodes.filter((inode) => !local.has(inode)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.#process.exited;
  }
}

const alive = new Set<Program>();

/** Kills what a test left running: after the last test, as a timed-out one leaves its program behind. */
export function killPrograms(): void {
  for (const program of alive) program.kill();
}

/**
 * Starts the real program in a fresh directory and waits until its ports accept connections.
 * Bind it with `await using`: whatever the test does, the process is gone afterwards.
 */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const program = launchProgram(options);
  try {
    for (const port of options.ports ?? []) await accepting(program, port);
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
  return program;
}

/** The same without waiting: for starts that must fail. */
export function launchProgram(options: ProgramOptions): Program {
  return new Program(options);
}

async function accepting(program: Program, port: number): Promise<void> {
  await waitFor(`port ${port} to accept connections`, async () => {
    if (program.exitCode !== null) return true;
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.terminate();
    return true;
  }).catch((error: Error) => {
    throw new Error(`${error.message}; the program said:\n${program.log}`);
  });
  if (program.exitCode !== null) {
    const code = await program.exited();
    throw new Error(`the program ended with ${code} instead of starting; it said:\n${program.log}`);
  }
}

/** Without TRAEFIK_* and configuration files of the machine: only what the test gives. */
function environment(directory: string, own: Readonly<Record<string, string>> = {}) {
  const { PATH = "", DENO_DIR, HOME = "" } = process.env;
  return {
    PATH,
    HOME: directory,
    XDG_CONFIG_HOME: join(directory, ".config"),
    DENO_DIR: DENO_DIR ?? join(HOME, ".cache/deno"),
    NO_COLOR: "1",
    SLUICE_WORKERS: process.env["SLUICE_WORKERS"] ?? "1",
    ...own,
  };
}
