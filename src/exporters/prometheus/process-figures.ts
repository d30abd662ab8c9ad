import type { Files } from "../../net/runtime.ts";

/** What the system knows of this process; undefined where it doesn't tell. */
export interface ProcessFigures {
  /** Seconds of processor time, of all threads. */
  readonly cpuSeconds?: number;
  /** Bytes. */
  readonly residentMemory?: number;
  readonly virtualMemory?: number;
  readonly openFds?: number;
  readonly maxFds?: number;
}

/** Clock ticks a second in /proc: 100 on every Linux there is. */
const TICKS = 100;
const PAGE = 4096;
/** In /proc/self/stat, counted behind the name in parentheses (proc(5)). */
const UTIME = 11;
const STIME = 12;
const VSIZE = 20;
const RSS = 21;

/** Reads /proc, as Go's process collector does; nothing is known on other systems. Never rejects. */
export async function processFigures(files: Pick<Files, "read" | "list">): Promise<ProcessFigures> {
  const text = async (path: string) => new TextDecoder().decode(await files.read(path));
  const [stat, limits, open] = await Promise.all([
    text("/proc/self/stat").catch(() => ""),
    text("/proc/self/limits").catch(() => ""),
    files.list("/proc/self/fd").catch(() => undefined),
  ]);
  const numbers = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const maxFds = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return {
    ...(numbers.length > RSS && {
      cpuSeconds: (numbers[UTIME] + numbers[STIME]) / TICKS,
      virtualMemory: numbers[VSIZE],
      residentMemory: numbers[RSS] * PAGE,
    }),
    openFds: open?.length,
    maxFds: maxFds === undefined ? undefined : Number(maxFds),
  };
}
