/** What wrk saw. */
export interface Load {
  readonly requests: number;
  readonly perSecond: number;
}

export interface LoadOptions {
  readonly url: string;
  readonly host: string;
  readonly connections: number;
  readonly seconds: number;
}

/** Runs wrk with one thread. Throws where a response was not 2xx or 3xx, or a socket failed. */
export async function load({ url, host, connections, seconds }: LoadOptions): Promise<Load> {
  const wrk = Bun.spawn(
    ["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "-H", `Host: ${host}`, url],
    { stdin: "ignore", stdout: "pipe", stderr: "inherit" },
  );
  const [text, code] = await Promise.all([new Response(wrk.stdout).text(), wrk.exited]);
  const requests = Number(/(\d+) requests in/.exec(text)?.[1]);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]);
  if (code !== 0 || !(requests > 0) || /Socket errors|Non-2xx/.test(text)) {
    throw new Error(`the load on ${url} failed:\n${text}`);
  }
  return { requests, perSecond };
}
