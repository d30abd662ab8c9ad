import process from "node:process";
import type { HandlerProcessOptions } from "../../../src/net/host/handler-processes.ts";

/** What the router tells a process of a module, in its first line of JSON. */
export interface ChildStart
  extends Pick<HandlerProcessOptions, "module" | "name" | "socket" | "variables"> {
  /** Permissions that the process gives up before it loads the module. */
  readonly giveUp: readonly string[];
}

/** The router's word for an end that waits for what is in flight. */
export const DRAIN = "drain";

export interface ChildInput {
  /** Resolves with the first line. */
  readonly start: Promise<ChildStart>;
  /** Resolves when the router wants the end. */
  readonly drain: Promise<void>;
}

/** Reads what the router writes. The process ends at once where the router does. */
export function childInput(): ChildInput {
  const start = Promise.withResolvers<ChildStart>();
  const drain = Promise.withResolvers<void>();
  let started = false;
  let rest = "";
  process.stdin.setEncoding("utf8");
  process.stdin.on("data", (text: string) => {
    rest += text;
    for (let end = rest.indexOf("\n"); end >= 0; end = rest.indexOf("\n")) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 1);
      if (!started) {
        started = true;
        start.resolve(JSON.parse(line) as ChildStart);
      } else if (line === DRAIN) {
        drain.resolve();
      }
    }
  });
  const gone = () => process.exit(0);
  process.stdin.on("end", gone);
  process.stdin.on("error", gone);
  // Those that a terminal or a service manager sends to all processes: the router says when to end.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  return { start: start.promise, drain: drain.promise };
}
