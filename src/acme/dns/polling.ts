import type { DnsEnvironment } from "./dns-environment.ts";
import type { Polling } from "./dns-record.ts";

/** lego's, for providers that need no longer. Milliseconds. */
export const DEFAULT_POLLING: Polling = { timeout: 60_000, interval: 2000 };

/** lego's, in seconds. */
export const DEFAULT_TTL = 120;

/** `PREFIX_PROPAGATION_TIMEOUT` and `PREFIX_POLLING_INTERVAL`, of the first prefix that has them. */
export async function pollingFrom(
  env: DnsEnvironment,
  prefixes: readonly string[],
  fallback: Polling = DEFAULT_POLLING,
): Promise<Polling> {
  const names = (name: string) => prefixes.map((prefix) => `${prefix}_${name}`);
  return {
    timeout: await env.seconds(fallback.timeout, ...names("PROPAGATION_TIMEOUT")),
    interval: await env.seconds(fallback.interval, ...names("POLLING_INTERVAL")),
  };
}
