import { readFileSync } from "node:fs";

/** The cores that this process may use, from /proc/self/status. */
const ALLOWED = coresOf(
  /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0",
);

/** Measured processes share the last core; load generators and backends have the others. */
export const PROXY_CORES: readonly number[] = ALLOWED.slice(-1);
export const LOAD_CORES: readonly number[] = ALLOWED.length > 1 ? ALLOWED.slice(0, -1) : ALLOWED;
export const ALL_CORES: readonly number[] = ALLOWED;

/** A command that runs on these cores only, with all that it starts. */
export function pinned(cores: readonly number[], command: readonly string[]): string[] {
  return ["taskset", "-c", cores.join(","), ...command];
}

/** "0-2,5" as numbers. */
export function coresOf(list: string): number[] {
  return list.split(",").flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
