import { join } from "node:path";
import type { Result, Row } from "../context.ts";
import { wrk } from "../load/wrk.ts";
import { startSluice, writeRoutes } from "../proxies/sluice.ts";
import { sluiceCommand } from "../proxies/sluice-command.ts";
import { figure, goal, median } from "../report/figures.ts";
import { manyRoutes } from "../scenario/many-routes.ts";
import { CASES, RESPONSE_HEADER } from "../scenario/scenario.ts";

const COUNT = 10_000;
/** Milliseconds. */
const AIM = { active: 1000, stall: 100 };
/** Milliseconds; above the throttle of a provider (2 s). */
const BETWEEN = 3000;
const PATIENCE = 30_000;
/** Milliseconds of watching on once the new configuration is active. */
const AFTERWARDS = 1000;

/** Sluice with 10,000 routers, all of them read again, while traffic goes on. */
export const reloadRow: Row = async (context) => {
  const { settings, workspace, backend, progress } = context;
  const directory = join(workspace, "reload");
  const routes = manyRoutes(COUNT);
  const { host } = routes[COUNT >> 1];
  const proxy = await startSluice(sluiceCommand(settings.sluice), directory, backend, routes);
  const url = `http://127.0.0.1:${proxy.port}${CASES.small.path}`;
  try {
    await wrk({ url, host, connections: 16, seconds: 2 });
    const active: number[] = [];
    const stalls: number[] = [];
    for (let round = 1; round <= settings.rounds; round++) {
      const traffic = wrk({
        url,
        host,
        connections: 4,
        seconds: Math.ceil((AIM.active + BETWEEN) / 1000),
      });
      await Bun.sleep(500);
      const value = `version-${round}`;
      const changed = () => writeRoutes(directory, backend, routes, value);
      const seen = await reload(url, host, value, changed);
      active.push(seen.active);
      stalls.push(seen.stall);
      progress(
        `reload ${round}: active after ${seen.active.toFixed(0)} ms, longest stall ${seen.stall.toFixed(0)} ms`,
      );
      await traffic;
      await Bun.sleep(BETWEEN);
    }
    return result(median(active), Math.max(...stalls));
  } finally {
    await proxy.process.stop();
  }
};

/** Milliseconds from the file's rename until its answer, and the longest that a request took. */
async function reload(
  url: string,
  host: string,
  value: string,
  change: () => void,
): Promise<{ active: number; stall: number }> {
  change();
  const start = performance.now();
  let stall = 0;
  let active = 0;
  while (performance.now() - start < PATIENCE) {
    const asked = performance.now();
    const response = await fetch(url, { headers: { Host: host } });
    await response.text();
    const now = performance.now();
    stall = Math.max(stall, now - asked);
    if (response.status !== 200) throw new Error(`${response.status} during a reload`);
    if (active === 0 && response.headers.get(RESPONSE_HEADER[0]) === value) active = now - start;
    // What the swap leaves to be done counts as well.
    if (active > 0 && now - start > active + AFTERWARDS) return { active, stall };
    await Bun.sleep(1);
  }
  throw new Error(`a changed file was not active after ${PATIENCE} ms`);
}

function result(active: number, stall: number): Result {
  const reached = active <= AIM.active && stall <= AIM.stall;
  return {
    heading: `Reload of ${COUNT} routers under traffic`,
    columns: ["file renamed to new configuration active", "longest stall of a request", "goal"],
    lines: [
      [
        `${figure(active)} ms`,
        `${figure(stall)} ms`,
        goal(`under ${AIM.active} ms without a stall above ${AIM.stall} ms`, reached),
      ],
    ],
  };
}
