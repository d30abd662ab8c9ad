/**
 * Does the jobs, `slots` at a time, each in the order given; one that wants to be alone waits until
 * no other is under way, and none begins beside it. `work` gets the slot, from 0 on.
 */
export async function inPool<T extends { readonly alone: boolean }>(
  jobs: readonly T[],
  slots: number,
  work: (job: T, slot: number) => Promise<void>,
): Promise<void> {
  const together = jobs.filter(({ alone }) => !alone);
  const next = together.values();
  const slot = async (index: number) => {
    for (const job of next) await work(job, index);
  };
  await Promise.all(Array.from({ length: slots }, (_, index) => slot(index)));
  for (const job of jobs) if (job.alone) await work(job, 0);
}
