import { join } from "node:path";
import type { Row } from "../context.ts";
import { wrk } from "../load/wrk.ts";
import { CpuClock } from "../measure/cpu-clock.ts";
import { ALL_CORES } from "../measure/pinning.ts";
import { startNginxProxy } from "../proxies/nginx.ts";
import type { RunningProxy, StartProxy } from "../proxies/proxy.ts";
import { ROUTES, startSluice } from "../proxies/sluice.ts";
import { sluiceCommand } from "../proxies/sluice-command.ts";
import { figure, median, ratio } from "../report/figures.ts";
import { CASES, HOST } from "../scenario/scenario.ts";
import type { Settings } from "../settings.ts";

const WARM_UP = { full: 20, quick: 6 };

/** CPU for a request, and requests in a second, of one proxy in one round. */
interface Seen {
  readonly cpu: number;
  readonly perSecond: number;
}

/**
 * One worker and two, Sluice's and nginx's, which may use all cores beside load and backend. Rates
 * are measured in turn: those who share the cores would share the rate.
 */
export const workersRow: Row = async (context) => {
  const { settings, workspace, backend, progress } = context;
  const { connections, seconds } = settings;
  const proxies: RunningProxy[] = [];
  const put = ({ port }: RunningProxy, seconds: number) =>
    wrk({ url: `http://127.0.0.1:${port}${CASES.small.path}`, host: HOST, connections, seconds });
  try {
    for (const [i, start] of starts(settings).entries())
      proxies.push(await start(join(workspace, `workers-${i}`), backend));
    const warm = WARM_UP[settings.quick ? "quick" : "full"];
    for (const proxy of proxies) await put(proxy, proxy.compiles ? warm : 1);
    const seen = proxies.map((): Seen[] => []);
    for (let round = 1; round <= settings.rounds; round++) {
      for (const [i, proxy] of proxies.entries()) {
        const clock = new CpuClock(proxy.process);
        const { requests, perSecond } = await put(proxy, seconds);
        seen[i].push({ cpu: clock.used / requests, perSecond });
      }
      const last = proxies.map(({ name }, i) => {
        const { cpu, perSecond } = seen[i].at(-1)!;
        return `${name} ${figure(cpu)} us, ${perSecond.toFixed(0)}/s`;
      });
      progress(`workers, round ${round}: ${last.join("; ")}`);
    }
    const middle = seen.map((all) => ({
      cpu: median(all.map(({ cpu }) => cpu)),
      perSecond: median(all.map(({ perSecond }) => perSecond)),
    }));
    return {
      heading: `Workers, small response, on ${ALL_CORES.length} cores that load and backend share`,
      columns: [
        "proxy",
        "CPU for each request, in microseconds",
        "beside 1 worker",
        "requests/s",
        "beside 1 worker",
      ],
      lines: middle.map(({ cpu, perSecond }, i) => {
        const one = middle[i - (i % 2)];
        return [
          proxies[i].name,
          figure(cpu),
          i % 2 === 0 ? "" : ratio(cpu, one.cpu),
          perSecond.toFixed(0),
          i % 2 === 0 ? "" : ratio(perSecond, one.perSecond),
        ];
      }),
      data: proxies.map(({ name }, i) => ({ name, ...middle[i], rounds: seen[i] })),
    };
  } finally {
    for (const { process } of proxies) process.kill();
  }
};

/** Each with one worker first, then with two. */
function starts({ sluice }: Settings): StartProxy[] {
  const command = sluiceCommand(sluice);
  return [1, 2]
    .map(
      (workers): StartProxy =>
        async (directory, backend) => ({
          ...(await startSluice(command, directory, backend, ROUTES, { workers })),
          name: `Sluice, ${workers}`,
        }),
    )
    .concat(
      [1, 2].map(
        (workers): StartProxy =>
          async (directory, backend) => ({
            ...(await startNginxProxy(directory, backend, { workers })),
            name: `nginx, ${workers}`,
          }),
      ),
    );
}
