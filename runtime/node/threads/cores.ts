import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/**
 * Processors that this process may use at once: those of its affinity, but no more than the quota of
 * a cgroup, rounded up, of version 2 (cpu.max) or 1 (cpu.cfs_quota_us). At least 1.
 */
export function availableCores(read: (path: string) => string = readText): number {
  return Math.max(1, Math.min(availableParallelism(), Math.ceil(quota(read))));
}

/** Of this process's cgroup and of those above it, the smallest; Infinity for none. */
export function quota(read: (path: string) => string): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (const line of tryRead(read, "/proc/self/cgroup").split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const version2 = controllers === "";
    if (!version2 && !controllers.split(",").includes("cpu")) continue;
    const root = version2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/cpu";
    const segments = path.split("/").filter((segment) => segment !== "");
    for (let depth = segments.length; depth >= 0; depth--) {
      const directory = [root, ...segments.slice(0, depth)].join("/");
      smallest = Math.min(smallest, version2 ? quota2(read, directory) : quota1(read, directory));
    }
  }
  return smallest;
}

/** "200000 100000" is two processors; "max 100000" is no limit. */
function quota2(read: (path: string) => string, directory: string): number {
  const [limit, period] = tryRead(read, `${directory}/cpu.max`).trim().split(" ").map(Number);
  return share(limit, period);
}

/** A quota of -1 is no limit. */
function quota1(read: (path: string) => string, directory: string): number {
  const limit = Number(tryRead(read, `${directory}/cpu.cfs_quota_us`));
  return share(limit, Number(tryRead(read, `${directory}/cpu.cfs_period_us`)));
}

function share(limit: number, period: number): number {
  return limit > 0 && period > 0 ? limit / period : Number.POSITIVE_INFINITY;
}

function tryRead(read: (path: string) => string, path: string): string {
  try {
    return read(path);
  } catch {
    // Not Linux, another version of cgroups, or no limit at that level.
    return "";
  }
}

function readText(path: string): string {
  return readFileSync(path, "latin1");
}
