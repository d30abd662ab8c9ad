import { join } from "node:path";
import type { BenchContext, Result, Row } from "./bench-context.ts";
import { compare } from "./comparison.ts";
import type { Cost, CpuClock } from "./cost.ts";
import { startHaproxyProxy } from "./haproxy-proxy.ts";
import type { Load } from "./load.ts";
import { startNginxProxy } from "./nginx-proxy.ts";
import type { Extras, RunningProxy } from "./proxy.ts";
import { startSluiceProxy } from "./sluice-proxy.ts";
import { verifyAccessLog, verifyProxy } from "./verify.ts";

/** A comparison of the three proxies of the scenario under one kind of load. */
export interface ScenarioRow {
  /** Its directory. */
  readonly name: string;
  readonly title: string;
  /** What the row wants besides the scenario's HTTP/1.1. */
  readonly extras?: (directory: string) => Extras | Promise<Extras>;
  /** Proves before the load what the load itself doesn't. */
  readonly verify?: (proxy: RunningProxy, extras: Extras) => Promise<void>;
  readonly load: (
    proxy: RunningProxy,
    context: BenchContext,
    seconds: number,
    clock?: CpuClock,
  ) => Promise<Load>;
  /** Requests of the load, each of which has left a line in the access log; all by default. */
  readonly logged?: (requests: number) => number;
  readonly result: (costs: readonly Cost[]) => Result;
}

/** Runs a function with Sluice, nginx and HAProxy, in this order, set up and proven as the scenario says. */
export async function withProxies<T>(
  context: BenchContext,
  directory: string,
  extras: Extras,
  use: (proxies: readonly RunningProxy[]) => Promise<T>,
): Promise<T> {
  const starts = [startSluiceProxy(context.settings.sluice), startNginxProxy, startHaproxyProxy];
  const proxies: RunningProxy[] = [];
  try {
    for (const [i, start] of starts.entries())
      proxies.push(await start(join(directory, String(i)), context.backend, extras));
    for (const proxy of proxies) await verifyProxy(proxy);
    return await use(proxies);
  } finally {
    for (const proxy of proxies) proxy.process.kill();
  }
}

/** The scenario under load, Sluice beside nginx and HAProxy, in interleaved rounds. */
export function scenarioRow(row: ScenarioRow): Row {
  return async (context) => {
    const directory = join(context.workspace, row.name);
    const extras = (await row.extras?.(directory)) ?? {};
    return withProxies(context, directory, extras, async (proxies) => {
      for (const proxy of proxies) await row.verify?.(proxy, extras);
      const costs = await compare(context, row.title, proxies, (proxy, seconds, clock) =>
        row.load(proxy, context, seconds, clock),
      );
      for (const [i, proxy] of proxies.entries()) {
        await proxy.process.stop();
        const { requests } = costs[i];
        verifyAccessLog(proxy, row.logged?.(requests) ?? requests);
      }
      return row.result(costs);
    });
  };
}
