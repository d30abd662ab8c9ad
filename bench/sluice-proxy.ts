import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { denoBinary } from "../scripts/deno-binary.ts";
import { EXECUTABLE, ROOT } from "../scripts/paths.ts";
import type { Backend } from "./backend.ts";
import { startServer } from "./measured-process.ts";
import { freePorts } from "./ports.ts";
import type { Extras, RunningProxy, StartProxy } from "./proxy.ts";
import { HOSTS, PREFIXES, RESPONSE_HEADER } from "./scenario.ts";
import type { Settings } from "./settings.ts";
import { dynamicConfiguration, type Route, staticConfiguration } from "./sluice-configuration.ts";

export const ROUTES: readonly Route[] = HOSTS.flatMap((host) =>
  PREFIXES.map((prefix) => ({ host, prefix })),
);

/** The program's command line without its arguments. */
export function sluiceCommand(flavour: Settings["sluice"]): string[] {
  switch (flavour) {
    case "bun":
      return [process.execPath, join(ROOT, "runtime/bun/main.ts")];
    case "deno":
      return [denoBinary(), "run", "--quiet", "--allow-all", join(ROOT, "runtime/deno/main.ts")];
    case "executable":
      return [EXECUTABLE];
  }
}

export function startSluiceProxy(flavour: Settings["sluice"]): StartProxy {
  return (directory, backend, extras) => startSluice(flavour, directory, backend, ROUTES, extras);
}

export async function startSluice(
  flavour: Settings["sluice"],
  directory: string,
  backend: Backend,
  routes: readonly Route[],
  extras: Extras = {},
): Promise<RunningProxy> {
  mkdirSync(directory, { recursive: true });
  const [port, freePort] = await freePorts(2);
  const tlsPort = extras.certificate && freePort;
  const accessLog = join(directory, "access.log");
  const file = join(directory, "traefik.yml");
  writeFileSync(file, staticConfiguration(directory, accessLog, port, tlsPort));
  writeRoutes(directory, backend, routes, RESPONSE_HEADER[1], extras);
  const command = [...sluiceCommand(flavour), `--configFile=${file}`];
  return {
    name: "Sluice",
    port,
    h2cPort: port,
    tlsPort,
    accessLog,
    process: await startServer(command, directory, port),
  };
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
