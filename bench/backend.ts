import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type MeasuredProcess, startServer } from "./measured-process.ts";
import { nginxCommand } from "./nginx-base.ts";
import { freePorts } from "./ports.ts";
import { CASES, CHECK_PATH, CHECKED_HEADERS, PREFIX } from "./scenario.ts";

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
  writeFileSync(join(files, "64k"), "x".repeat(CASES["64k"].size));
  writeFileSync(join(files, "1m"), "x".repeat(CASES["1m"].size));
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
  return { ports, process: await startServer(command, directory, ports[0]) };
}
