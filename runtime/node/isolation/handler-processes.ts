import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../../src/core/errors.ts";
import type {
  HandlerProcess,
  HandlerProcesses,
  HandlerProcessOptions,
} from "../../../src/net/host/handler-processes.ts";
import { type ChildStart, DRAIN } from "./child-input.ts";
import { ProcessGuard } from "./process-guard.ts";

/** Bytes of the directory for temporary files, so that the sockets below it have room (unix(7): 107). */
const LONGEST_DIRECTORY = 75;

/** How a runtime starts a process for a module. */
export interface ChildCommand {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Beside the module's variables: what the runtime itself needs. */
  readonly env?: Readonly<Record<string, string>>;
  /** Permissions that the process gives up before it loads the module. */
  readonly giveUp?: readonly string[];
}

/** Processes by way of node:child_process, which both runtimes have. */
export function nodeHandlerProcesses(
  withoutPermissions: string | null,
  command: (options: HandlerProcessOptions, directory: string) => ChildCommand,
): HandlerProcesses {
  let directory: Promise<string> | undefined;
  let path = "";
  let guard: ProcessGuard | null = null;
  const prepare = async (): Promise<string> => {
    if (Buffer.byteLength(tmpdir()) > LONGEST_DIRECTORY)
      throw new Error(
        `${tmpdir()} is too long a path for sockets: expected ${LONGEST_DIRECTORY} bytes at most (TMPDIR)`,
      );
    path = mkdtempSync(join(tmpdir(), "sluice-"));
    chmodSync(path, 0o700);
    guard = await ProcessGuard.start(path);
    return path;
  };
  return {
    withoutPermissions,
    directory: () =>
      (directory ??= prepare().catch((error: unknown) => {
        directory = undefined;
        throw error;
      })),
    start(options) {
      try {
        return startProcess(options, command(options, path), guard);
      } catch (error) {
        queueMicrotask(() => options.ended(messageOf(error)));
        return { pid: 0, drain() {}, kill() {} };
      }
    },
    async close() {
      await directory?.catch(() => {});
      await guard?.close();
      if (path !== "") rmSync(path, { recursive: true, force: true });
    },
  };
}

function startProcess(
  options: HandlerProcessOptions,
  { program, args, cwd, env, giveUp = [] }: ChildCommand,
  guard: ProcessGuard | null,
): HandlerProcess {
  const { module, name, socket, variables, output } = options;
  const child = spawn(program, [...args], {
    env: { ...variables, ...env },
    cwd,
    stdio: ["pipe", "pipe", "pipe"],
    // A terminal's signals are for the router, which says when to end.
    detached: true,
  });
  const { pid = 0, stdin, stdout, stderr } = child;
  if (pid !== 0) guard?.started(pid);
  const start: ChildStart = { module, name, socket, variables, giveUp };
  stdin.on("error", () => {});
  stdin.write(`${JSON.stringify(start)}\n`);
  stdout.on("data", (bytes: Uint8Array) => output("stdout", bytes));
  stderr.on("data", (bytes: Uint8Array) => output("stderr", bytes));
  let over = false;
  const ended = (reason: string) => {
    if (over) return;
    over = true;
    if (pid !== 0) guard?.ended(pid);
    options.ended(reason);
  };
  child.once("error", (error) => ended(messageOf(error)));
  // A process that it has started may hold its output open: its own end counts.
  child.once("exit", (code, signal) =>
    setTimeout(ended, 20, signal === null ? `exit code ${code}` : `signal ${signal}`),
  );
  return {
    pid,
    drain: () => void stdin.write(`${DRAIN}\n`),
    kill: () => void child.kill("SIGKILL"),
  };
}
