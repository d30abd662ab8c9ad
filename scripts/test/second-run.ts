import type { Outcome } from "./outcome.ts";
import type { Job } from "./suites.ts";

/** A job that has ended. */
export interface Finished {
  readonly job: Job;
  readonly outcome: Outcome;
  /** It failed at first; the outcome is that of its second run. */
  readonly again: boolean;
}

/** With more failed files than this the program is at fault, or the machine: nothing runs again. */
const MOST = 8;

/**
 * Runs each job that failed a second time, one after the other, and takes that outcome instead.
 * Where more than 8 failed, the first outcomes stand.
 */
export async function runFailedAgain(
  finished: readonly Finished[],
  run: (job: Job) => Promise<Outcome>,
): Promise<Finished[]> {
  const failed = finished.filter(({ outcome }) => outcome.failed > 0);
  if (failed.length > MOST) return [...finished];
  const second = new Map<Job, Outcome>();
  for (const { job } of failed) second.set(job, await run(job));
  return finished.map((one) => {
    const outcome = second.get(one.job);
    return outcome === undefined ? one : { job: one.job, outcome, again: true };
  });
}
