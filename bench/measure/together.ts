import type { BenchContext } from "../context.ts";
import type { Load } from "../load/load.ts";
import { figure, median } from "../report/figures.ts";
import { CpuClock } from "./cpu-clock.ts";
import type { MeasuredProcess } from "./measured-process.ts";

/** Something that can be put under load. */
export interface Candidate {
  readonly name: string;
  readonly process: MeasuredProcess;
  /** Its code gets faster while it runs: it is warmed up until that is over. */
  readonly compiles: boolean;
}

/** What a candidate's requests cost. */
export interface Cost {
  readonly name: string;
  /** Microseconds of CPU for each request, over all rounds. */
  readonly cpu: number;
  /** Beside the first candidate of its group, in the same round: median, least and most. */
  readonly times: { readonly median: number; readonly least: number; readonly most: number };
  readonly requests: number;
}

type PutLoad<C> = (candidate: C, seconds: number, clock?: CpuClock) => Promise<Load>;

/** So many candidates share the core at a time: more and each has too little of it. */
const MOST = 4;

/**
 * Measures candidates under load at the same time, on one core: whatever the machine's speed does,
 * it does to all of them. More than four are measured in groups; the first one is in each group,
 * and the others' costs are given as so many times its cost in the first group.
 */
export async function measureTogether<C extends Candidate>(
  context: BenchContext,
  title: string,
  candidates: readonly C[],
  put: PutLoad<C>,
): Promise<Cost[]> {
  const load: PutLoad<C> = (candidate, ...rest) =>
    put(candidate, ...rest).catch((error: Error) => {
      throw new Error(`${candidate.name}: ${error.message}`);
    });
  const [first, ...others] = candidates;
  const costs: Cost[] = [];
  for (let at = 0; at === 0 || at < others.length; at += MOST - 1) {
    const group = [first, ...others.slice(at, at + MOST - 1)];
    await warmUp(context, title, at === 0 ? group : group.slice(1), load);
    const [anchor, ...rest] = await measureGroup(context, title, group, load);
    if (costs.length === 0) costs.push(anchor);
    for (const cost of rest) costs.push({ ...cost, cpu: (cost.cpu / anchor.cpu) * costs[0].cpu });
  }
  return costs;
}

async function measureGroup<C extends Candidate>(
  { settings, progress }: BenchContext,
  title: string,
  group: readonly C[],
  load: PutLoad<C>,
): Promise<Cost[]> {
  // Connections to the backend are made, and those who don't compile are warm.
  await Promise.all(group.map((candidate) => load(candidate, FIRST)));
  const rounds: { cpu: number; requests: number }[][] = [];
  for (let round = 1; round <= settings.rounds; round++) {
    const seen = await Promise.all(
      group.map(async (candidate) => {
        const clock = new CpuClock(candidate.process);
        const { requests } = await load(candidate, settings.seconds, clock);
        clock.stop();
        return { clock, requests };
      }),
    );
    const costs = seen.map(({ clock, requests }) => ({ cpu: clock.used / requests, requests }));
    rounds.push(costs);
    const all = group.map(({ name }, i) => describe(name, costs[i].cpu, costs[0].cpu));
    progress(`${title}, round ${round}: ${all.join("; ")}`);
  }
  return group.map(({ name }, i) => {
    const requests = rounds.reduce((sum, costs) => sum + costs[i].requests, 0);
    const spent = rounds.reduce((sum, costs) => sum + costs[i].cpu * costs[i].requests, 0);
    const times = rounds.map((costs) => costs[i].cpu / costs[0].cpu);
    return {
      name,
      cpu: spent / requests,
      times: { median: median(times), least: Math.min(...times), most: Math.max(...times) },
      requests,
    };
  });
}

/** Puts those under load whose code is compiled while it runs, until enough requests have passed. */
async function warmUp<C extends Candidate>(
  { settings, progress }: BenchContext,
  title: string,
  candidates: readonly C[],
  load: PutLoad<C>,
): Promise<void> {
  const { requests: enough, seconds: longest } = settings.warmUp;
  await Promise.all(
    candidates
      .filter(({ compiles }) => compiles)
      .map(async (candidate) => {
        const start = performance.now();
        const spent = () => (performance.now() - start) / 1000;
        let requests = 0;
        while (requests < enough && spent() < longest)
          requests += (await load(candidate, WARM_UP_STEP)).requests;
        progress(
          `${title}: ${candidate.name} is warm after ${Math.round(requests)} requests and ${spent().toFixed(0)} s`,
        );
      }),
  );
}

/** Seconds. */
const WARM_UP_STEP = 4;
const FIRST = 3;

function describe(name: string, cpu: number, anchor: number): string {
  return `${name} ${figure(cpu)} us (${(cpu / anchor).toFixed(3)})`;
}
