import type { MeasuredProcess } from "./measured-process.ts";

/** CPU time of a process and its children, all threads: user, system and interrupts that hit them. */
export class CpuClock {
  readonly #process: MeasuredProcess;
  #before: ReadonlyMap<number, number>;
  #after: ReadonlyMap<number, number> | undefined;

  constructor(process: MeasuredProcess) {
    this.#process = process;
    this.#before = process.threads();
  }

  /** What was used until now doesn't count. */
  restart(): void {
    this.#before = this.#process.threads();
  }

  /** What is used from now on doesn't count. */
  stop(): void {
    this.#after ??= this.#process.threads();
  }

  /** Microseconds that count. A thread that ended meanwhile had been idle: it counts as nothing. */
  get used(): number {
    let nanoseconds = 0;
    for (const [thread, spent] of this.#after ?? this.#process.threads())
      nanoseconds += spent - (this.#before.get(thread) ?? 0);
    return nanoseconds / 1000;
  }
}
