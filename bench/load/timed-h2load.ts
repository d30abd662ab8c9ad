import { readFileSync, rmSync } from "node:fs";
import { toolPath } from "../../scripts/tool-path.ts";
import { LOAD_CORES, pinned } from "../measure/pinning.ts";
import { HOST } from "../scenario/scenario.ts";
import type { Latency } from "./load.ts";

export interface TimedOptions {
  readonly port: number;
  readonly path: string;
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second on each connection. */
  readonly rate: number;
  /** A file for the times of all requests. */
  readonly log: string;
}

/** `reached`: the share of the rate that was. Well below 1 the times say little. */
export interface TimedLoad extends Latency {
  readonly reached: number;
}

/** HTTP/1.1 requests at a fixed rate. Throws where a response was not 200, or one is missing. */
export async function timedH2load(options: TimedOptions): Promise<TimedLoad> {
  const { port, path, connections, seconds, rate, log } = options;
  const tool = toolPath("h2load");
  if (tool === null) throw new Error("h2load is not installed");
  const command = [
    tool,
    ...[
      "--h1",
      "-t1",
      `-c${connections}`,
      "-m1",
      `--rps=${rate}`,
      `-n${connections * rate * seconds}`,
    ],
    ...[`--log-file=${log}`, `--connect-to=127.0.0.1:${port}`, `-H:authority: ${HOST}`],
    `http://${HOST}${path}`,
  ];
  const start = performance.now();
  const child = Bun.spawn(pinned(LOAD_CORES, command), {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "inherit",
  });
  const code = await child.exited;
  const took = (performance.now() - start) / 1000;
  const lines = readFileSync(log, "latin1").trim().split("\n");
  rmSync(log);
  const times = lines.map((line) => {
    const [, status, time] = line.split("\t").map(Number);
    if (status !== 200) throw new Error(`status ${status} at a fixed rate`);
    return time;
  });
  if (code !== 0 || times.length < connections * rate * seconds)
    throw new Error(`${times.length} answers to ${connections * rate * seconds} requests`);
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(share * (times.length - 1))];
  return { median: at(0.5), p99: at(0.99), reached: Math.min(1, seconds / took) };
}
