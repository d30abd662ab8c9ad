import type { RunCommand } from "../../src/net/clients/command.ts";

/** What a program may write to each of its two outputs, in bytes. */
const MOST_OUTPUT = 64 * 1024;

/** Programs by way of node:child_process, which both runtimes have. It is loaded at the first one. */
export const runCommand: RunCommand = async ({ program, args, signal }) => {
  const { execFile } = await import("node:child_process");
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    execFile(
      program,
      [...args],
      { maxBuffer: MOST_OUTPUT, encoding: "utf8", ...(signal !== undefined && { signal }) },
      (error, stdout, stderr) => {
        if (signal?.aborted === true) reject(signal.reason);
        else if (error === null) resolve({ code: 0, stdout, stderr });
        else if (typeof error.code === "number") resolve({ code: error.code, stdout, stderr });
        else if (error.signal !== null && error.signal !== undefined)
          resolve({ code: -1, stdout, stderr });
        else reject(error);
      },
    );
  });
};
