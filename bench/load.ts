/** What a load generator saw. */
export interface Load {
  readonly requests: number;
  readonly perSecond: number;
}

/** How long requests took, in microseconds. */
export interface Latency {
  readonly median: number;
  readonly p99: number;
}

export interface LoadOptions {
  readonly url: string;
  readonly host: string;
  readonly connections: number;
  readonly seconds: number;
}

/** Runs wrk with one thread. Throws where a response was not 2xx or 3xx, or a socket failed. */
export async function load({
  url,
  host,
  connections,
  seconds,
}: LoadOptions): Promise<Load & { readonly latency: Latency }> {
  const wrk = Bun.spawn(
    ["wrk", "-t1", "--latency", `-c${connections}`, `-d${seconds}s`, "-H", `Host: ${host}`, url],
    { stdin: "ignore", stdout: "pipe", stderr: "inherit" },
  );
  const [text, code] = await Promise.all([new Response(wrk.stdout).text(), wrk.exited]);
  const requests = Number(/(\d+) requests in/.exec(text)?.[1]);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]);
  if (code !== 0 || !(requests > 0) || /Socket errors|Non-2xx/.test(text)) {
    throw new Error(`the load on ${url} failed:\n${text}`);
  }
  return {
    requests,
    perSecond,
    latency: { median: percentile(text, 50), p99: percentile(text, 99) },
  };
}

const UNITS: Readonly<Record<string, number>> = { us: 1, ms: 1e3, s: 1e6, m: 60e6 };

/** Microseconds; from a line such as "     99%    1.05ms". */
function percentile(text: string, percent: number): number {
  const [, value, unit] = new RegExp(`^ +${percent}% +([\\d.]+)(us|ms|s|m)$`, "m").exec(text) ?? [];
  return Number(value) * UNITS[unit];
}
