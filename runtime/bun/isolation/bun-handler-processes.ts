import process from "node:process";
import { fileURLToPath } from "node:url";
import type { HandlerProcesses } from "../../../src/net/host/handler-processes.ts";
import { nodeHandlerProcesses } from "../../node/isolation/handler-processes.ts";
import { CHILD_ARGUMENT } from "./child-argument.ts";

/** Modules in processes of the executable itself, or of Bun with `program`, the file beside main.ts. */
export function bunHandlerProcesses(program: URL): HandlerProcesses {
  const compiled = program.pathname.startsWith("/$bunfs/");
  return nodeHandlerProcesses(
    "Bun has no permissions, so that nothing would hold the module to them",
    (_, directory) => ({
      program: process.execPath,
      args: compiled ? [CHILD_ARGUMENT] : ["--no-env-file", fileURLToPath(program)],
      // No file beside the module is read before the process knows what it is: it goes there later.
      cwd: directory,
    }),
  );
}
