import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { denoBinary } from "../deno-binary.ts";
import { EXECUTABLE, ROOT } from "../paths.ts";
import type { Backend } from "./backend.ts";
import { startServer } from "./measured-process.ts";
import { freePorts } from "./ports.ts";
import type { RunningProxy, StartProxy } from "./proxy.ts";
import { HOSTS, PREFIXES, REQUEST_HEADER, RESPONSE_HEADER, WEIGHTS } from "./scenario.ts";
import type { Settings } from "./settings.ts";

/** A router of the bench: PathPrefix on a host. */
export interface Route {
  readonly host: string;
  readonly prefix: string;
}

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
  return (directory, backend) => startSluice(flavour, directory, backend, ROUTES);
}

export async function startSluice(
  flavour: Settings["sluice"],
  directory: string,
  backend: Backend,
  routes: readonly Route[],
): Promise<RunningProxy> {
  mkdirSync(directory, { recursive: true });
  const [port] = await freePorts(1);
  const accessLog = join(directory, "access.log");
  const file = join(directory, "traefik.yml");
  writeFileSync(file, staticConfiguration(port, directory, accessLog));
  writeRoutes(directory, backend, routes, RESPONSE_HEADER[1]);
  const command = [...sluiceCommand(flavour), `--configFile=${file}`];
  return { name: "Sluice", port, accessLog, process: await startServer(command, directory, port) };
}

/** Replaces the dynamic configuration by rename. */
export function writeRoutes(
  directory: string,
  backend: Backend,
  routes: readonly Route[],
  responseHeader: string,
): void {
  const file = join(directory, "dynamic.yml");
  writeFileSync(`${file}.new`, dynamicConfiguration(backend, routes, responseHeader));
  renameSync(`${file}.new`, file);
}

function staticConfiguration(port: number, directory: string, accessLog: string): string {
  return `
entryPoints:
  web:
    address: "127.0.0.1:${port}"
    transport:
      respondingTimeouts:
        idleTimeout: 600s
providers:
  file:
    filename: ${JSON.stringify(join(directory, "dynamic.yml"))}
    watch: true
accessLog:
  filePath: ${JSON.stringify(accessLog)}
  format: common
  # Lines, about as many as fit in the 64 KiB that the others hold back.
  bufferingSize: 400
log:
  level: ERROR
`;
}

function dynamicConfiguration(
  backend: Backend,
  routes: readonly Route[],
  responseHeader: string,
): string {
  const routers = routes.map(
    ({ host, prefix }, i) => `    route${i}:
      rule: "Host(\`${host}\`) && PathPrefix(\`${prefix}\`)"
      middlewares: [headers]
      service: backend
`,
  );
  const servers = backend.ports.map(
    (port, i) => `          - url: http://127.0.0.1:${port}
            weight: ${WEIGHTS[i]}
`,
  );
  return `http:
  routers:
${routers.join("")}  middlewares:
    headers:
      headers:
        customRequestHeaders:
          ${REQUEST_HEADER.join(": ")}
        customResponseHeaders:
          ${RESPONSE_HEADER[0]}: ${responseHeader}
  services:
    backend:
      loadBalancer:
        servers:
${servers.join("")}`;
}
