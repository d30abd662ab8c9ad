import { figure } from "./figures.ts";
import type { Load } from "./load.ts";
import type { MeasuredProcess } from "./measured-process.ts";

/** One measurement of a proxy under load. */
export interface Cost {
  /** Microseconds of CPU, user and system, of the proxy for each request. */
  readonly cpu: number;
  readonly perSecond: number;
  readonly requests: number;
}

/** Something that can be put under load. */
export interface Candidate {
  readonly name: string;
  readonly process: MeasuredProcess;
}

/** A process's CPU time. */
export class CpuClock {
  readonly #process: MeasuredProcess;
  #before: number;
  #after: number | undefined;

  constructor(process: MeasuredProcess) {
    this.#process = process;
    this.#before = process.cpu();
  }

  /** What was used until now doesn't count. */
  restart(): void {
    this.#before = this.#process.cpu();
  }

  /** What is used from now on doesn't count. */
  stop(): void {
    this.#after ??= this.#process.cpu();
  }

  /** Microseconds that count. */
  get used(): number {
    return (this.#after ?? this.#process.cpu()) - this.#before;
  }
}

/**
 * Puts load on the proxy and reads the CPU time that it used meanwhile: all of it, unless the load
 * sets the clock to the time that its requests were counted in.
 */
export async function measureCost(
  { process }: Candidate,
  load: (clock: CpuClock) => Promise<Load>,
): Promise<Cost> {
  const clock = new CpuClock(process);
  const { requests, perSecond } = await load(clock);
  return { cpu: clock.used / requests, perSecond, requests };
}

export function describeCost(name: string, { cpu, perSecond }: Cost): string {
  return `${name}: ${figure(cpu)} us, ${Math.round(perSecond)}/s`;
}
