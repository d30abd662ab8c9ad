import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { waitFor } from "../wait-for.ts";

const PREFIX = join(tmpdir(), "sluice-server-");

/** How long a server may take to be ready, in milliseconds: Java and Docker take their time. */
const READY = 60_000;

/** A real server of a test, in a directory of its own. */
export class ServerProcess {
  readonly directory = mkdtempSync(PREFIX);
  private readonly command: (directory: string) => string[];
  private process: Subprocess | undefined;

  constructor(command: (directory: string) => string[]) {
    this.command = command;
  }

  /** Starts it, and waits until `ready` holds. */
  async start(ready: () => Promise<boolean> | boolean): Promise<void> {
    let log = "";
    const process_ = Bun.spawn(this.command(this.directory), {
      cwd: this.directory,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.process = process_;
    const decoder = new TextDecoder();
    for (const stream of [process_.stdout, process_.stderr])
      void (async () => {
        for await (const chunk of stream) log += decoder.decode(chunk, { stream: true });
      })();
    await waitFor(
      "a server to be ready",
      async () => {
        // One that has ended never gets ready.
        return process_.exitCode !== null || (await ready());
      },
      READY,
    ).catch(async (error: Error) => {
      await this.stop();
      throw new Error(`${error.message}; it said:\n${log.slice(-4000)}`);
    });
    if (process_.exitCode !== null)
      throw new Error(`a server ended with ${process_.exitCode}:\n${log.slice(-4000)}`);
  }

  /** Ends it; its directory stays, so that it may be started again. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    this.process?.kill(signal);
    await this.process?.exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGKILL");
    if (!this.directory.startsWith(PREFIX)) throw new Error(`refusing to remove ${this.directory}`);
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Whether something on this machine accepts connections at the port. */
export async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.terminate();
    return true;
  } catch {
    return false;
  }
}
