import { figure } from "./figures.ts";
import { load } from "./load.ts";
import type { RunningProxy } from "./proxy.ts";
import type { Settings } from "./settings.ts";

/** One measurement of a proxy under load. */
export interface Cost {
  /** Microseconds of CPU, user and system, of the proxy for each request. */
  readonly cpu: number;
  readonly perSecond: number;
  readonly requests: number;
}

/** Puts load on the proxy and reads the CPU time that it used meanwhile. */
export async function measureCost(
  proxy: RunningProxy,
  path: string,
  host: string,
  { connections, seconds }: Pick<Settings, "connections" | "seconds">,
): Promise<Cost> {
  const before = proxy.process.cpu();
  const url = `http://127.0.0.1:${proxy.port}${path}`;
  const { requests, perSecond } = await load({ url, host, connections, seconds });
  return { cpu: (proxy.process.cpu() - before) / requests, perSecond, requests };
}

export function describeCost(name: string, { cpu, perSecond }: Cost): string {
  return `${name}: ${figure(cpu)} us, ${Math.round(perSecond)}/s`;
}
