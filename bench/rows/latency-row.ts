import { join } from "node:path";
import type { Row } from "../context.ts";
import { timedH2load } from "../load/timed-h2load.ts";
import { wrk } from "../load/wrk.ts";
import { figure, median } from "../report/figures.ts";
import { CASES, HOST } from "../scenario/scenario.ts";
import { withProxies } from "./scenario-row.ts";

const SHARE = 0.7;
const WARM_UP = { full: 15, quick: 5 };
const MOST_ROUNDS = 3;

/**
 * How long requests take at 70 % of what the proxy is able to do: one proxy at a time, on a core
 * of its own, with requests at a fixed rate.
 */
export const latencyRow: Row = (context) =>
  withProxies(context, join(context.workspace, "latency"), {}, async (proxies) => {
    const { settings, progress } = context;
    const { path } = CASES.small;
    const { connections, seconds } = settings;
    const seen = [];
    for (const { name, port, compiles } of proxies) {
      const url = `http://127.0.0.1:${port}${path}`;
      const flatOut = { url, host: HOST, connections };
      const warm = compiles ? WARM_UP[settings.quick ? "quick" : "full"] : 1;
      await wrk({ ...flatOut, seconds: warm });
      const { perSecond: most } = await wrk({ ...flatOut, seconds });
      const rounds = [];
      for (let round = 0; round < Math.min(settings.rounds, MOST_ROUNDS); round++) {
        const rate = Math.max(1, Math.round((SHARE * most) / connections));
        const log = join(context.workspace, "latency.log");
        rounds.push(await timedH2load({ port, path, connections, seconds, rate, log }));
      }
      const latency = {
        median: median(rounds.map((latency) => latency.median)),
        p99: median(rounds.map((latency) => latency.p99)),
        reached: median(rounds.map((latency) => latency.reached)),
      };
      progress(
        `latency: ${name} ${Math.round(most)}/s at most; ${figure(latency.median)} / ${figure(latency.p99)} us`,
      );
      seen.push({ name, most, latency, rounds });
    }
    return {
      heading: "Latency at 70 % of saturation, small response, in microseconds",
      columns: [
        "proxy",
        "requests/s at most",
        "median",
        "99th percentile",
        "share of the rate reached",
      ],
      lines: seen.map(({ name, most, latency }) => [
        name,
        most.toFixed(0),
        figure(latency.median),
        figure(latency.p99),
        `${(latency.reached * 100).toFixed(0)} %`,
      ]),
      data: seen,
    };
  });
