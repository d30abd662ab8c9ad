import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type MeasuredProcess, startServer } from "../measure/measured-process.ts";
import { LOAD_CORES } from "../measure/pinning.ts";
import { freePorts } from "../measure/ports.ts";
import { nginxCommand } from "../proxies/nginx-base.ts";
import { CASES, CHECK_PATH, CHECKED_HEADERS, FILES, PREFIX } from "./scenario.ts";

/** The server behind all proxies: nginx with two addresses. */
export interface Backend {
  readonly ports: readonly number[];
  readonly process: MeasuredProcess;
}

/** The files that it serves, at their paths. */
export function filesDirectory(workspace: string): string {
  return join(workspace, "backend/files");
}

export async function startBackend(workspace: string): Promise<Backend> {
  const directory = join(workspace, "backend");
  const root = filesDirectory(workspace);
  const files = join(root, PREFIX);
  mkdirSync(files, { recursive: true });
  for (const name of ["64k", "1m", "16m"] as const)
    writeFileSync(join(files, name), "x".repeat(FILES[name].size));
  const ports = await freePorts(2);
  const echo = CHECKED_HEADERS.map(
    (name) => `${name}=$http_${name.toLowerCase().replaceAll("-", "_")}`,
  );
  const command = nginxCommand(
    directory,
    `
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_timeout 600s;
  keepalive_requests 100000000;
  open_file_cache max=100;
  default_type text/plain;
  server {
${ports.map((port) => `    listen 127.0.0.1:${port} backlog=4096;`).join("\n")}
    root ${root};
    location ${PREFIX} { }
    location = ${CASES.small.path} { return 200 "hello"; }
    location = ${CHECK_PATH} { return 200 "${echo.join("\\n")}\\n"; }
    location = /hello { return 200 "hello"; }
  }`,
  );
  return { ports, process: await startServer(command, directory, ports[0], { cores: LOAD_CORES }) };
}
