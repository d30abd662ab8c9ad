import { join } from "node:path";
import type { Row } from "../context.ts";
import { FLOODS, type FloodName } from "../load/floods.ts";
import type { Latency } from "../load/load.ts";
import { wrk } from "../load/wrk.ts";
import { LOAD_CORES, pinned } from "../measure/pinning.ts";
import type { RunningProxy } from "../proxies/proxy.ts";
import { figure, goal, median } from "../report/figures.ts";
import { CASES, HOST } from "../scenario/scenario.ts";
import { withProxies } from "./scenario-row.ts";

/** Connections that flood at a time. */
const ATTACKERS = 4;
/** Times as slow at most. */
const AIM = 3;
/** There are many kinds; each measurement is this long, and there are so many of each. */
const MOST = { seconds: 2, rounds: 3 };

const NAMES = Object.keys(FLOODS) as FloodName[];

/** How long a client waits that does nothing wrong, alone and while others flood the proxy. */
export const floodRow: Row = (context) =>
  withProxies(context, join(context.workspace, "floods"), {}, async (proxies) => {
    const seconds = Math.min(context.settings.seconds, MOST.seconds);
    const rounds = Math.min(context.settings.rounds, MOST.rounds);
    const alone = proxies.map((): Latency[] => []);
    const flooded = proxies.map(() => NAMES.map((): Latency[] => []));
    for (const proxy of proxies) await goodClient(proxy, seconds);
    for (let round = 1; round <= rounds; round++) {
      for (const [i, proxy] of proxies.entries()) {
        alone[i].push(await goodClient(proxy, seconds));
        context.progress(
          `floods, round ${round}: ${proxy.name} alone: ${describe(alone[i].at(-1)!)}`,
        );
        for (const [j, name] of NAMES.entries()) {
          const seen = await during(proxy, name, () => goodClient(proxy, seconds));
          flooded[i][j].push(seen);
          context.progress(`${proxy.name}, ${FLOODS[name].title}: ${describe(seen)}`);
        }
      }
    }
    const quiet = alone.map(middle);
    return {
      heading: "HTTP/2 floods: latency of a good client, median / 99th percentile, in microseconds",
      columns: [
        "flood",
        ...proxies.flatMap(({ name }) => [`${name} alone`, "flooded", "times"]),
        "goal",
      ],
      lines: NAMES.map((name, j) => {
        const times = proxies.map((_, i) => {
          const { median, p99 } = middle(flooded[i][j]);
          return { median: median / quiet[i].median, p99: p99 / quiet[i].p99 };
        });
        return [
          FLOODS[name].title,
          ...proxies.flatMap((_, i) => [
            cells(quiet[i]),
            cells(middle(flooded[i][j])),
            `${times[i].median.toFixed(2)} / ${times[i].p99.toFixed(2)}`,
          ]),
          goal(`at most ${AIM} times`, times[0].median <= AIM && times[0].p99 <= AIM),
        ];
      }),
    };
  });

/** One connection, one request at a time, without HTTP/2: through the whole chain. */
async function goodClient({ port }: RunningProxy, seconds: number): Promise<Latency> {
  const url = `http://127.0.0.1:${port}${CASES.small.path}`;
  return (await wrk({ url, host: HOST, connections: 1, seconds })).latency;
}

/**
 * Measures while attackers of that kind are at work. They stand for other machines: with the lowest
 * priority they don't take the cores from those who are measured.
 */
async function during<T>(
  proxy: RunningProxy,
  name: FloodName,
  measure: () => Promise<T>,
): Promise<T> {
  const script = join(import.meta.dirname, "../load/flood-main.ts");
  const attackers = Bun.spawn(
    pinned(LOAD_CORES, [
      ...["nice", "-n", "19", process.execPath, script],
      ...[String(proxy.h2cPort), String(ATTACKERS), name],
    ]),
    { stdin: "ignore", stdout: "pipe", stderr: "inherit" },
  );
  try {
    const { done } = await attackers.stdout.getReader().read();
    if (done) throw new Error(`the flood ${name} on ${proxy.name} did not begin`);
    const seen = await measure();
    if (attackers.exitCode !== null) throw new Error(`the flood ${name} ended`);
    return seen;
  } finally {
    attackers.kill("SIGKILL");
    await attackers.exited;
  }
}

const middle = (all: readonly Latency[]): Latency => ({
  median: median(all.map(({ median }) => median)),
  p99: median(all.map(({ p99 }) => p99)),
});

const cells = ({ median, p99 }: Latency) => `${figure(median)} / ${figure(p99)}`;

const describe = (latency: Latency) => `${cells(latency)} us`;
