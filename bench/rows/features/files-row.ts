import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "../../context.ts";
import { wrk } from "../../load/wrk.ts";
import { startServer } from "../../measure/measured-process.ts";
import { freePorts } from "../../measure/ports.ts";
import { type Candidate, measureTogether } from "../../measure/together.ts";
import { nginxCommand } from "../../proxies/nginx-base.ts";
import { sluiceCommand } from "../../proxies/sluice-command.ts";
import { figure } from "../../report/figures.ts";
import { HOST } from "../../scenario/scenario.ts";
import { ONE_WORKER, writeSluice } from "./write-sluice.ts";

const SIZES = { "1k": 1024, "1m": 1024 * 1024 } as const;

interface Variant extends Candidate {
  readonly port: number;
}

/** What serving a file costs, beside nginx with sendfile. */
export const filesRow: Row = async (context) => {
  const { settings, workspace } = context;
  const root = join(workspace, "files-root");
  mkdirSync(root, { recursive: true });
  for (const [name, size] of Object.entries(SIZES))
    writeFileSync(join(root, name), new Uint8Array(size).fill(0x78));
  const [sluicePort, nginxPort] = await freePorts(2);
  const sluice = join(workspace, "files-sluice");
  writeSluice(sluice, sluicePort, sluiceHttp(root), ONE_WORKER);
  const nginx = join(workspace, "files-nginx");
  const nginxProcess = await startServer(
    nginxCommand(nginx, nginxHttp(nginxPort, root)),
    nginx,
    nginxPort,
  );
  const sluiceProcess = await startServer(
    [...sluiceCommand(settings.sluice), "--configFile=traefik.yml"],
    sluice,
    sluicePort,
  );
  const candidates: Variant[] = [
    { name: "nginx", port: nginxPort, compiles: false, process: nginxProcess },
    { name: "Sluice", port: sluicePort, compiles: true, process: sluiceProcess },
  ];
  try {
    const lines: string[][] = [];
    const data: unknown[] = [];
    for (const size of Object.keys(SIZES)) {
      const costs = await measureTogether(
        context,
        `files ${size}`,
        candidates,
        (variant, seconds) =>
          wrk({
            url: `http://127.0.0.1:${variant.port}/${size}`,
            host: HOST,
            connections: settings.connections,
            seconds,
          }),
      );
      const [theirs, ours] = costs;
      lines.push([
        `a file of ${size}`,
        figure(ours.cpu),
        figure(theirs.cpu),
        (ours.cpu / theirs.cpu).toFixed(2),
      ]);
      data.push(...costs);
    }
    return {
      heading: "Static files, microseconds for each request",
      columns: ["file", "Sluice", "nginx, sendfile", "ratio"],
      lines,
      data,
    };
  } finally {
    sluiceProcess.kill();
    nginxProcess.kill();
  }
};

function nginxHttp(port: number, root: string): string {
  return `
  access_log off;
  keepalive_requests 100000000;
  sendfile on;
  tcp_nopush on;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${root};
  }`;
}

function sluiceHttp(root: string): string {
  return `  routers:
    all: { rule: PathPrefix(\`/\`), service: noop@internal, middlewares: [it] }
  middlewares:
    it: { files: { root: ${root} } }
`;
}
