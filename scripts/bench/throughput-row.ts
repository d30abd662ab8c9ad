import { join } from "node:path";
import type { BenchContext, Result, Row } from "./bench-context.ts";
import { type Cost, describeCost, measureCost } from "./cost.ts";
import { figure, goal, median, ratio } from "./figures.ts";
import { startHaproxyProxy } from "./haproxy-proxy.ts";
import { startNginxProxy } from "./nginx-proxy.ts";
import type { RunningProxy } from "./proxy.ts";
import { CASES, type Case, HOST } from "./scenario.ts";
import { startSluiceProxy } from "./sluice-proxy.ts";
import { verifyAccessLog, verifyProxy } from "./verify.ts";

/** Sluice's cost at most so many times the other's. */
export interface CostGoal {
  readonly nginx: number;
  readonly haproxy?: number;
}

/** The scenario under load, Sluice beside nginx and HAProxy, in interleaved rounds. */
export function throughputRow(name: Case, aim: CostGoal): Row {
  return async (context) => {
    const directory = join(context.workspace, name);
    const starts = [startSluiceProxy(context.settings.sluice), startNginxProxy, startHaproxyProxy];
    const proxies: RunningProxy[] = [];
    for (const [i, start] of starts.entries()) {
      proxies.push(await start(join(directory, String(i)), context.backend));
    }
    try {
      for (const proxy of proxies) await verifyProxy(proxy);
      const costs = await interleaved(context, name, proxies);
      for (const [i, proxy] of proxies.entries()) {
        await proxy.process.stop();
        verifyAccessLog(proxy, costs[i].requests);
      }
      return result(name, aim, costs);
    } finally {
      for (const proxy of proxies) proxy.process.kill();
    }
  };
}

async function interleaved(
  { settings, progress }: BenchContext,
  name: Case,
  proxies: readonly RunningProxy[],
): Promise<Cost[]> {
  const { path, title } = CASES[name];
  for (const proxy of proxies) await measureCost(proxy, path, HOST, { ...settings, seconds: 2 });
  const costs: Cost[][] = proxies.map(() => []);
  for (let round = 1; round <= settings.rounds; round++) {
    for (const [i, proxy] of proxies.entries())
      costs[i].push(await measureCost(proxy, path, HOST, settings));
    const seen = proxies.map((proxy, i) => describeCost(proxy.name, costs[i].at(-1)!));
    progress(`${title}, round ${round}: ${seen.join("; ")}`);
  }
  return costs.map((all) => ({
    cpu: median(all.map(({ cpu }) => cpu)),
    perSecond: median(all.map(({ perSecond }) => perSecond)),
    requests: all.reduce((sum, { requests }) => sum + requests, 0),
  }));
}

function result(name: Case, aim: CostGoal, [sluice, nginx, haproxy]: Cost[]): Result {
  const reached =
    sluice.cpu <= aim.nginx * nginx.cpu &&
    (aim.haproxy === undefined || sluice.cpu <= aim.haproxy * haproxy.cpu);
  const others = aim.haproxy === undefined ? "" : `, ${aim.haproxy.toFixed(2)} HAProxy`;
  return {
    heading: "CPU of the proxy for each request, in microseconds",
    columns: [
      "case",
      "Sluice",
      "nginx",
      "HAProxy",
      "Sluice / nginx",
      "Sluice / HAProxy",
      "requests/s: Sluice",
      "nginx",
      "HAProxy",
      "goal",
    ],
    lines: [
      [
        CASES[name].title,
        ...[sluice, nginx, haproxy].map(({ cpu }) => figure(cpu)),
        ratio(sluice.cpu, nginx.cpu),
        ratio(sluice.cpu, haproxy.cpu),
        ...[sluice, nginx, haproxy].map(({ perSecond }) => perSecond.toFixed(0)),
        goal(`at most ${aim.nginx.toFixed(2)} nginx${others}`, reached),
      ],
    ],
  };
}
