import { join } from "node:path";
import type { Row } from "../../context.ts";
import { wrk } from "../../load/wrk.ts";
import { startServer } from "../../measure/measured-process.ts";
import { freePorts } from "../../measure/ports.ts";
import { type Candidate, measureTogether } from "../../measure/together.ts";
import { nginxCommand } from "../../proxies/nginx-base.ts";
import { sluiceCommand } from "../../proxies/sluice-command.ts";
import { figure } from "../../report/figures.ts";
import { CASES, HOST } from "../../scenario/scenario.ts";
import { ONE_WORKER, writeSluice } from "./write-sluice.ts";

interface Variant extends Candidate {
  readonly port: number;
}

const BODIES = { "5 bytes": CASES.small.path, "64 KiB": CASES["64k"].path } as const;

/** What an answer from the cache costs, beside nginx's proxy_cache, whose files are in the system's memory. */
export const cacheRow: Row = async (context) => {
  const { settings, workspace, backend } = context;
  const [sluicePort, barePort, nginxPort] = await freePorts(3);
  const upstream = backend.ports[0];
  const nginx = join(workspace, "cache-nginx");
  const nginxProcess = await startServer(
    nginxCommand(nginx, nginxHttp(nginx, nginxPort, upstream)),
    nginx,
    nginxPort,
  );
  const start = async (name: string, port: number, middlewares: string) => {
    const directory = join(workspace, name);
    writeSluice(directory, port, sluiceHttp(upstream, middlewares), ONE_WORKER);
    const command = [...sluiceCommand(settings.sluice), "--configFile=traefik.yml"];
    return startServer(command, directory, port);
  };
  const cached = await start("cache-sluice", sluicePort, "[it]");
  const bare = await start("cache-bare", barePort, "[]");
  const variants: readonly Variant[] = [
    { name: "nginx", port: nginxPort, compiles: false, process: nginxProcess },
    { name: "Sluice", port: sluicePort, compiles: true, process: cached },
    { name: "Sluice without a cache", port: barePort, compiles: true, process: bare },
  ];
  try {
    const lines: string[][] = [];
    const data: unknown[] = [];
    for (const [body, path] of Object.entries(BODIES)) {
      const costs = await measureTogether(context, `cache ${body}`, variants, (variant, seconds) =>
        wrk({
          url: `http://127.0.0.1:${variant.port}${path}`,
          host: HOST,
          connections: settings.connections,
          seconds,
        }),
      );
      const [theirs, ours, without] = costs;
      lines.push([
        `a hit of ${body}`,
        figure(ours.cpu),
        figure(theirs.cpu),
        (ours.cpu / theirs.cpu).toFixed(2),
        figure(without.cpu),
      ]);
      data.push(...costs);
    }
    return {
      heading: "Answers from the cache, microseconds for each request (nginx with proxy_cache)",
      columns: ["answer", "Sluice", "nginx", "ratio", "Sluice without a cache"],
      lines,
      data,
    };
  } finally {
    for (const process of [nginxProcess, cached, bare]) process.kill();
  }
};

function nginxHttp(directory: string, port: number, upstream: number): string {
  return `
  access_log off;
  sendfile on;
  keepalive_requests 100000000;
  proxy_cache_path ${join(directory, "cache")} levels=1:2 keys_zone=it:10m max_size=100m;
  upstream backend {
    server 127.0.0.1:${upstream};
    keepalive 200;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache it;
      proxy_cache_valid any 1h;
      add_header X-Cache-Status $upstream_cache_status;
    }
  }`;
}

function sluiceHttp(upstream: number, middlewares: string): string {
  return `  routers:
    all: { rule: PathPrefix(\`/\`), service: backend, middlewares: ${middlewares} }
  middlewares:
    it: { cache: { defaultTTL: 1h } }
  services:
    backend: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${upstream}" }] } }
`;
}
