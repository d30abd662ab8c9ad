import { join } from "node:path";
import type { Row } from "../context.ts";
import { h2load } from "../load/h2load.ts";
import { wrk } from "../load/wrk.ts";
import { measureTogether } from "../measure/together.ts";
import type { RunningProxy } from "../proxies/proxy.ts";
import { ROUTES, startSluice } from "../proxies/sluice.ts";
import { sluiceCommand } from "../proxies/sluice-command.ts";
import { figure, goal, ratio } from "../report/figures.ts";
import { CASES, HOST } from "../scenario/scenario.ts";

const AIM = 1.05;
/** Seconds of HTTP/2, on so many connections with so many streams each. */
const HTTP2 = { full: 15, quick: 4, connections: 16, streams: 10 };

/**
 * HTTP/1.1 on a Sluice that has served HTTP/2 before, beside one that has not: what the engine
 * learned from the one protocol must not make the other slower.
 */
export const afterHttp2Row: Row = async (context) => {
  const { settings, workspace, backend, progress } = context;
  const { path, size } = CASES.small;
  const candidates: RunningProxy[] = [];
  try {
    for (const name of ["HTTP/1.1 only", "after HTTP/2"]) {
      const directory = join(workspace, `after-${candidates.length}`);
      const command = sluiceCommand(settings.sluice);
      candidates.push({ ...(await startSluice(command, directory, backend, ROUTES)), name });
    }
    const { connections, streams, full, quick } = HTTP2;
    const seconds = settings.quick ? quick : full;
    const { h2cPort: port } = candidates[1];
    const http1 = (proxy: RunningProxy, seconds: number) =>
      wrk({
        url: `http://127.0.0.1:${proxy.port}${path}`,
        host: HOST,
        connections: settings.connections,
        seconds,
      });
    // The worst order: HTTP/1.1 is compiled, then HTTP/2 comes, then HTTP/1.1 again.
    const [, , { requests }] = await Promise.all([
      http1(candidates[0], seconds),
      http1(candidates[1], seconds),
      h2load({ port, protocol: "h2c", path, size, connections, streams, seconds }),
    ]);
    progress(`after HTTP/2: ${requests} requests over HTTP/2`);
    const costs = await measureTogether(context, "after HTTP/2", candidates, http1);
    const [without, after] = costs.map(({ cpu }) => cpu);
    return {
      heading: "HTTP/1.1 after HTTP/2 was served: CPU for each request, in microseconds",
      columns: [...costs.map(({ name }) => name), "ratio", "goal"],
      lines: [
        [
          figure(without),
          figure(after),
          ratio(after, without),
          goal(`at most ${AIM}`, after <= AIM * without),
        ],
      ],
      data: costs,
    };
  } finally {
    for (const { process } of candidates) process.kill();
  }
};
