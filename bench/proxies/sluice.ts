import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startServer } from "../measure/measured-process.ts";
import { ALL_CORES, PROXY_CORES } from "../measure/pinning.ts";
import { freePorts } from "../measure/ports.ts";
import type { Backend } from "../scenario/backend.ts";
import { HOSTS, PREFIXES, RESPONSE_HEADER } from "../scenario/scenario.ts";
import type { Extras, RunningProxy, StartProxy } from "./proxy.ts";
import { dynamicConfiguration, type Route, staticConfiguration } from "./sluice-configuration.ts";

export const ROUTES: readonly Route[] = HOSTS.flatMap((host) =>
  PREFIXES.map((prefix) => ({ host, prefix })),
);

/** A Sluice that is started with this command; `name` is its column. */
export function startSluiceProxy(name: string, command: readonly string[]): StartProxy {
  return async (directory, backend, extras) => ({
    ...(await startSluice(command, directory, backend, ROUTES, extras)),
    name,
  });
}

export async function startSluice(
  command: readonly string[],
  directory: string,
  backend: Backend,
  routes: readonly Route[],
  extras: Extras = {},
): Promise<RunningProxy> {
  mkdirSync(directory, { recursive: true });
  const [port, freePort] = await freePorts(2);
  const tlsPort = extras.certificate && freePort;
  const accessLog = join(logDirectory(directory), "access.log");
  const file = join(directory, "traefik.yml");
  writeFileSync(file, staticConfiguration(directory, accessLog, port, tlsPort, extras.workers));
  writeRoutes(directory, backend, routes, RESPONSE_HEADER[1], extras);
  return {
    name: "Sluice",
    port,
    h2cPort: port,
    tlsPort,
    accessLog,
    compiles: true,
    process: await startServer([...command, `--configFile=${file}`], directory, port, {
      cores: extras.workers === undefined ? PROXY_CORES : ALL_CORES,
    }),
  };
}

/** A log that grows in a watched directory would wake the watcher for each write. */
function logDirectory(directory: string): string {
  const logs = `${directory}-logs`;
  mkdirSync(logs, { recursive: true });
  return logs;
}

/** Replaces the dynamic configuration by rename. */
export function writeRoutes(
  directory: string,
  backend: Backend,
  routes: readonly Route[],
  responseHeader: string,
  extras: Extras = {},
): void {
  const file = join(directory, "dynamic.yml");
  writeFileSync(`${file}.new`, dynamicConfiguration(backend, routes, responseHeader, extras));
  renameSync(`${file}.new`, file);
}
