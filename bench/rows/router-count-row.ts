import { join } from "node:path";
import type { Row } from "../context.ts";
import { wrk } from "../load/wrk.ts";
import { measureTogether } from "../measure/together.ts";
import type { RunningProxy } from "../proxies/proxy.ts";
import { startSluice } from "../proxies/sluice.ts";
import { sluiceCommand } from "../proxies/sluice-command.ts";
import { figure, goal, ratio } from "../report/figures.ts";
import { manyRoutes } from "../scenario/many-routes.ts";
import { CASES } from "../scenario/scenario.ts";

const FEW = 10;
const MANY = 10_000;
const AIM = 1.25;

/** Sluice with 10 and with 10,000 Host and PathPrefix routers. */
export const routerCountRow: Row = async (context) => {
  const { settings, workspace, backend } = context;
  const candidates: (RunningProxy & { host: string })[] = [];
  try {
    for (const count of [FEW, MANY]) {
      const routes = manyRoutes(count);
      const directory = join(workspace, `routers-${count}`);
      candidates.push({
        ...(await startSluice(sluiceCommand(settings.sluice), directory, backend, routes)),
        name: `${count} routers`,
        host: routes[count >> 1].host,
      });
    }
    const costs = await measureTogether(
      context,
      "number of routers",
      candidates,
      ({ port, host }, seconds) =>
        wrk({
          url: `http://127.0.0.1:${port}${CASES.small.path}`,
          host,
          connections: settings.connections,
          seconds,
        }),
    );
    const [few, many] = costs.map(({ cpu }) => cpu);
    return {
      heading: "Number of routers: CPU for each request, in microseconds",
      columns: [...costs.map(({ name }) => name), "ratio", "goal"],
      lines: [
        [figure(few), figure(many), ratio(many, few), goal(`at most ${AIM}`, many <= AIM * few)],
      ],
      data: costs,
    };
  } finally {
    for (const { process } of candidates) process.kill();
  }
};
