import { join } from "node:path";
import { LOAD_CORES, pinned } from "../measure/pinning.ts";
import type { Latency, Load } from "./load.ts";

export interface WrkOptions {
  readonly url: string;
  readonly host: string;
  readonly connections: number;
  readonly seconds: number;
  /** Bytes of a large response: parts of responses at the end then count as parts of a request. */
  readonly size?: number;
  /** More of them, as lines. */
  readonly headers?: readonly string[];
}

interface Report {
  readonly requests: number;
  readonly bytes: number;
  readonly microseconds: number;
  readonly socketErrors: number;
  readonly statusErrors: number;
  readonly median: number;
  readonly p99: number;
}

/** Runs wrk with one thread. Throws where a response was not 2xx or 3xx, or a socket failed. */
export async function wrk(options: WrkOptions): Promise<Load & { readonly latency: Latency }> {
  const { url, host, connections, seconds, size = 0, headers = [] } = options;
  const script = join(import.meta.dirname, "wrk-report.lua");
  const command = [
    "wrk",
    "-t1",
    "--timeout",
    "30s",
    `-c${connections}`,
    `-d${seconds}s`,
    "-s",
    script,
  ];
  const lines = [`Host: ${host}`, ...headers].flatMap((line) => ["-H", line]);
  const child = Bun.spawn(pinned(LOAD_CORES, [...command, ...lines, url]), {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  const [text, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
  const json = /^\{.*\}$/m.exec(text)?.[0];
  const report: Report | undefined = json === undefined ? undefined : JSON.parse(json);
  const requests = Math.max(report?.requests ?? 0, size === 0 ? 0 : (report?.bytes ?? 0) / size);
  const failed = report === undefined || report.socketErrors > 0 || report.statusErrors > 0;
  if (code !== 0 || failed || !(requests > 0))
    throw new Error(`the load on ${url} failed:\n${text}`);
  return {
    requests,
    perSecond: (requests * 1e6) / report.microseconds,
    latency: { median: report.median, p99: report.p99 },
  };
}
