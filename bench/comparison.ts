import type { BenchContext, Result } from "./bench-context.ts";
import { type Candidate, type Cost, type CpuClock, describeCost, measureCost } from "./cost.ts";
import { figure, goal, median, ratio } from "./figures.ts";
import type { Load } from "./load.ts";

/** Seconds under load before anything counts. */
const WARM_UP = 2;

/** Measures the proxies in turn, round by round; the median of each counts. */
export async function compare<P extends Candidate>(
  { settings, progress }: BenchContext,
  title: string,
  proxies: readonly P[],
  load: (proxy: P, seconds: number, clock?: CpuClock) => Promise<Load>,
): Promise<Cost[]> {
  for (const proxy of proxies) await load(proxy, WARM_UP);
  const costs: Cost[][] = proxies.map(() => []);
  for (let round = 1; round <= settings.rounds; round++) {
    for (const [i, proxy] of proxies.entries())
      costs[i].push(await measureCost(proxy, (clock) => load(proxy, settings.seconds, clock)));
    const seen = proxies.map((proxy, i) => describeCost(proxy.name, costs[i].at(-1)!));
    progress(`${title}, round ${round}: ${seen.join("; ")}`);
  }
  return costs.map((all) => ({
    cpu: median(all.map(({ cpu }) => cpu)),
    perSecond: median(all.map(({ perSecond }) => perSecond)),
    requests: all.reduce((sum, { requests }) => sum + requests, 0),
  }));
}

/** Sluice's cost at most so many times the other's. */
export interface CostGoal {
  readonly nginx: number;
  readonly haproxy?: number;
}

/** A line of CPU costs; less is better. `unit` is what there are so many of in a second. */
export function costResult(
  heading: string,
  unit: string,
  title: string,
  aim: CostGoal,
  [sluice, nginx, haproxy]: readonly Cost[],
): Result {
  const reached =
    sluice.cpu <= aim.nginx * nginx.cpu &&
    (aim.haproxy === undefined || sluice.cpu <= aim.haproxy * haproxy.cpu);
  const others = aim.haproxy === undefined ? "" : `, ${aim.haproxy.toFixed(2)} HAProxy`;
  const all = [sluice, nginx, haproxy];
  return {
    heading,
    columns: [
      "case",
      "Sluice",
      "nginx",
      "HAProxy",
      "Sluice / nginx",
      "Sluice / HAProxy",
      `${unit}/s: Sluice`,
      "nginx",
      "HAProxy",
      "goal",
    ],
    lines: [
      [
        title,
        ...all.map(({ cpu }) => figure(cpu)),
        ratio(sluice.cpu, nginx.cpu),
        ratio(sluice.cpu, haproxy.cpu),
        ...all.map(({ perSecond }) => perSecond.toFixed(0)),
        goal(`at most ${aim.nginx.toFixed(2)} nginx${others}`, reached),
      ],
    ],
  };
}

/**
 * A line of what a second of the proxy's CPU is good for; more is better. A request counts as
 * `each` of the unit. The goal is to do as much as nginx does, or as both.
 */
export function yieldResult(
  heading: string,
  title: string,
  each: number,
  costs: readonly Cost[],
  asMuchAs: "nginx" | "both" = "nginx",
): Result {
  const [sluice, nginx, haproxy] = costs.map(({ cpu }) => (each * 1e6) / cpu);
  return {
    heading,
    columns: ["case", "Sluice", "nginx", "HAProxy", "Sluice / nginx", "Sluice / HAProxy", "goal"],
    lines: [
      [
        title,
        ...[sluice, nginx, haproxy].map(figure),
        ratio(sluice, nginx),
        ratio(sluice, haproxy),
        asMuchAs === "nginx"
          ? goal("at least 1.00 nginx", sluice >= nginx)
          : goal("at least 1.00 nginx, 1.00 HAProxy", sluice >= nginx && sluice >= haproxy),
      ],
    ],
  };
}
