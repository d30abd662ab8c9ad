import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "../../context.ts";
import { wrk } from "../../load/wrk.ts";
import { startServer } from "../../measure/measured-process.ts";
import { freePorts } from "../../measure/ports.ts";
import { type Candidate, measureTogether } from "../../measure/together.ts";
import { nginxCommand } from "../../proxies/nginx-base.ts";
import { sluiceCommand } from "../../proxies/sluice-command.ts";
import { figure } from "../../report/figures.ts";
import { filesDirectory } from "../../scenario/backend.ts";
import { HOST, PREFIX } from "../../scenario/scenario.ts";
import { ONE_WORKER, writeSluice } from "./write-sluice.ts";

/** Both compress alike: zlib's level. */
const LEVEL = 5;
const SIZES = { "4k": 4096, "64k": 65_536 } as const;

interface Variant extends Candidate {
  readonly port: number;
  readonly coding: string;
}

/** JSON of that many bytes, as an API may answer it. */
function json(size: number): string {
  const items: string[] = [];
  for (let i = 0, length = 0; length < size; i++) {
    const item = JSON.stringify({ id: i, name: `item ${i * 7919}`, tags: [i % 13, i % 17] });
    length += item.length + 1;
    items.push(item);
  }
  return `[${items.join(",")}]`.slice(0, size);
}

/** What compressing a response costs, beside nginx at the same level. */
export const compressRow: Row = async (context) => {
  const { settings, workspace, backend } = context;
  for (const [name, size] of Object.entries(SIZES))
    writeFileSync(join(filesDirectory(workspace), PREFIX, `json-${name}`), json(size));
  const [sluicePort, nginxPort] = await freePorts(2);
  const upstream = backend.ports[0];
  const sluice = join(workspace, "compress-sluice");
  writeSluice(sluice, sluicePort, sluiceHttp(upstream), ONE_WORKER);
  const nginx = join(workspace, "compress-nginx");
  const nginxProcess = await startServer(
    nginxCommand(nginx, nginxHttp(nginxPort, upstream)),
    nginx,
    nginxPort,
  );
  const sluiceProcess = await startServer(
    [...sluiceCommand(settings.sluice), "--configFile=traefik.yml"],
    sluice,
    sluicePort,
  );
  const of = (coding: string): Variant => ({
    name: `Sluice, ${coding}`,
    port: sluicePort,
    coding,
    compiles: true,
    process: sluiceProcess,
  });
  const beside: Variant = {
    name: "nginx, gzip",
    port: nginxPort,
    coding: "gzip",
    compiles: false,
    process: nginxProcess,
  };
  try {
    const lines: string[][] = [];
    const data: unknown[] = [];
    for (const size of Object.keys(SIZES)) {
      // One after the other: the codings are one process.
      for (const coding of ["gzip", "br", "zstd"]) {
        const costs = await measureTogether(
          context,
          `compress ${size} ${coding}`,
          [beside, of(coding)],
          (variant, seconds) =>
            wrk({
              url: `http://127.0.0.1:${variant.port}${PREFIX}/json-${size}`,
              host: HOST,
              connections: settings.connections,
              seconds,
              headers: [`Accept-Encoding: ${variant.coding}`],
            }),
        );
        const [theirs, ours] = costs;
        lines.push([
          `JSON of ${size}, ${coding}`,
          figure(ours.cpu),
          figure(theirs.cpu),
          (ours.cpu / theirs.cpu).toFixed(2),
        ]);
        data.push(...costs);
      }
    }
    return {
      heading: `Compressing, microseconds for each request (nginx with gzip, level ${LEVEL})`,
      columns: ["body", "Sluice", "nginx", "ratio"],
      lines,
      data,
    };
  } finally {
    sluiceProcess.kill();
    nginxProcess.kill();
  }
};

function nginxHttp(port: number, upstream: number): string {
  return `
  access_log off;
  keepalive_requests 100000000;
  gzip on;
  gzip_comp_level ${LEVEL};
  gzip_min_length 1024;
  gzip_proxied any;
  gzip_types *;
  upstream backend {
    server 127.0.0.1:${upstream};
    keepalive 200;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }`;
}

function sluiceHttp(upstream: number): string {
  return `  routers:
    all: { rule: PathPrefix(\`/\`), service: backend, middlewares: [it] }
  middlewares:
    it: { compress: {} }
  services:
    backend: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${upstream}" }] } }
`;
}
