import { join } from "node:path";
import type { BenchContext, Row } from "../context.ts";
import type { Load } from "../load/load.ts";
import type { CpuClock } from "../measure/cpu-clock.ts";
import { measureTogether } from "../measure/together.ts";
import { columnsOf, participants } from "../proxies/participants.ts";
import type { Extras, RunningProxy } from "../proxies/proxy.ts";
import { type CostGoal, costResult, yieldResult } from "../report/costs.ts";
import { verifyAccessLog, verifyProxy } from "../scenario/verify.ts";

/** A comparison of the proxies of the scenario under one kind of load. */
export interface ScenarioRow {
  /** Its directory. */
  readonly name: string;
  readonly heading: string;
  readonly title: string;
  readonly aim: CostGoal;
  /** Requests for each second of CPU are shown, not CPU for each request. */
  readonly yields?: boolean;
  /** What the row wants besides the scenario's HTTP/1.1. */
  readonly extras?: (directory: string) => Extras | Promise<Extras>;
  /** Proves before the load what the load itself doesn't, and brings the proxy where it is to be. */
  readonly prepare?: (proxy: RunningProxy, extras: Extras) => Promise<void>;
  readonly load: (
    proxy: RunningProxy,
    context: BenchContext,
    seconds: number,
    clock?: CpuClock,
  ) => Promise<Load>;
  /** Requests of the load, each of which has left a line in the access log; all by default. */
  readonly logged?: (requests: number) => number;
}

/** Runs a function with all proxies that take part, set up and proven as the scenario says. */
export async function withProxies<T>(
  context: BenchContext,
  directory: string,
  extras: Extras,
  use: (proxies: readonly RunningProxy[]) => Promise<T>,
): Promise<T> {
  const proxies: RunningProxy[] = [];
  try {
    for (const [i, start] of participants(context.settings).entries())
      proxies.push(await start(join(directory, String(i)), context.backend, extras));
    for (const proxy of proxies) await verifyProxy(proxy);
    return await use(proxies);
  } finally {
    for (const proxy of proxies) proxy.process.kill();
  }
}

/** The scenario under load: Sluice and the others at the same time. */
export function scenarioRow(row: ScenarioRow): Row {
  return async (context) => {
    const directory = join(context.workspace, row.name);
    const extras = (await row.extras?.(directory)) ?? {};
    return withProxies(context, directory, extras, async (proxies) => {
      for (const proxy of proxies) await row.prepare?.(proxy, extras);
      const costs = await measureTogether(context, row.title, proxies, (proxy, seconds, clock) =>
        row.load(proxy, context, seconds, clock),
      );
      for (const [i, proxy] of proxies.entries()) {
        await proxy.process.stop();
        const { requests } = costs[i];
        verifyAccessLog(proxy, row.logged?.(requests) ?? requests);
      }
      const columns = columnsOf(context.settings);
      return row.yields
        ? yieldResult(row.heading, row.title, 1, row.aim, columns, costs)
        : costResult(row.heading, row.title, row.aim, columns, costs);
    });
  };
}
