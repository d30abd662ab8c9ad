import { join } from "node:path";
import type { Row } from "./bench-context.ts";
import { type Cost, describeCost, measureCost } from "./cost.ts";
import { figure, goal, median, ratio } from "./figures.ts";
import { load } from "./load.ts";
import { manyRoutes } from "./many-routes.ts";
import type { RunningProxy } from "./proxy.ts";
import { CASES } from "./scenario.ts";
import { startSluice } from "./sluice-proxy.ts";

const FEW = 10;
const MANY = 10_000;
const AIM = 1.25;

/** Sluice with 10 and with 10,000 Host and PathPrefix routers. */
export const routerCountRow: Row = async (context) => {
  const { settings, workspace, backend, progress } = context;
  const { path } = CASES.small;
  const counts = [FEW, MANY];
  const proxies: RunningProxy[] = [];
  for (const count of counts) {
    const directory = join(workspace, `routers-${count}`);
    proxies.push(await startSluice(settings.sluice, directory, backend, manyRoutes(count)));
  }
  try {
    const hosts = counts.map((count) => manyRoutes(count)[count >> 1].host);
    const costs: Cost[][] = counts.map(() => []);
    const put = (i: number, seconds: number) => {
      const url = `http://127.0.0.1:${proxies[i].port}${path}`;
      return load({ url, host: hosts[i], connections: settings.connections, seconds });
    };
    for (const i of proxies.keys()) await put(i, 2);
    for (let round = 1; round <= settings.rounds; round++) {
      for (const [i, proxy] of proxies.entries()) {
        costs[i].push(await measureCost(proxy, () => put(i, settings.seconds)));
        progress(describeCost(`${counts[i]} routers, round ${round}`, costs[i].at(-1)!));
      }
    }
    const [few, many] = costs.map((all) => median(all.map(({ cpu }) => cpu)));
    return {
      heading: "Number of routers: CPU for each request, in microseconds",
      columns: [`${FEW} routers`, `${MANY} routers`, "ratio", "goal"],
      lines: [
        [figure(few), figure(many), ratio(many, few), goal(`at most ${AIM}`, many <= AIM * few)],
      ],
    };
  } finally {
    for (const proxy of proxies) await proxy.process.stop();
  }
};
