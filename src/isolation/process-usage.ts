import type { Files } from "../net/runtime.ts";

/** What a process uses, as Linux tells it. */
export interface ProcessUsage {
  /** Bytes of memory that are resident. */
  readonly memory: number;
  /** Seconds of processor time since its start. */
  readonly cpu: number;
}

/** Of /proc/PID/stat: ticks a second, the same on all of Linux's architectures. */
const TICKS = 100;

/** Undefined where the system doesn't tell, or the process is gone. Source: proc(5). */
export async function processUsage(files: Files, pid: number): Promise<ProcessUsage | undefined> {
  try {
    const decoder = new TextDecoder();
    const [stat, status] = await Promise.all(
      ["stat", "status"].map(async (name) =>
        decoder.decode(await files.read(`/proc/${pid}/${name}`)),
      ),
    );
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status);
    // The program's name, in parentheses, may have anything in it: state is the first field behind it.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [user, system] = [fields[11], fields[12]].map(Number);
    if (kilobytes === null || Number.isNaN(user + system)) return undefined;
    return { memory: Number(kilobytes[1]) * 1024, cpu: (user + system) / TICKS };
  } catch {
    return undefined;
  }
}
