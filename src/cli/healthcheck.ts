import { loadStatic } from "../config/load-static.ts";
import { messageOf } from "../core/errors.ts";
import type { Runtime } from "../net/runtime.ts";
import { entryPointOptions } from "../server/entry-point/entry-point-options.ts";
import type { EmbeddedConfiguration } from "./embedded-configuration.ts";

const TIMEOUT = 5000;

/** Asks the ping endpoint of the Sluice that runs with this configuration, as `traefik healthcheck` does. */
export async function healthcheck(
  runtime: Runtime,
  args: readonly string[],
  embedded: EmbeddedConfiguration,
): Promise<number> {
  const { configuration } = await loadStatic(runtime, args, embedded);
  const say = (text: string) => runtime.stdout.write(new TextEncoder().encode(`${text}\n`));
  if (configuration.ping === undefined) {
    say("Please enable `ping` to use the health check");
    return 1;
  }
  const name = configuration.ping.entryPoint;
  const entryPoint = configuration.entryPoints[name];
  if (entryPoint === undefined) {
    say(`The ping entrypoint "${name}" does not exist`);
    return 1;
  }
  const { hostname, port } = entryPointOptions(name, entryPoint);
  const host = hostname === "" ? "127.0.0.1" : hostname.includes(":") ? `[${hostname}]` : hostname;
  const url = `http://${host}:${port}/ping`;
  try {
    const response = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(TIMEOUT) });
    if (response.status === 200) {
      say(`OK: ${url}`);
      return 0;
    }
    say(`Bad healthcheck status of ${url}: ${response.status}`);
  } catch (error) {
    say(`Error calling healthcheck at ${url}: ${messageOf(error)}`);
  }
  return 1;
}
