import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { denoBinary } from "../../../scripts/deno-binary.ts";
import type { Row } from "../../context.ts";
import { wrk } from "../../load/wrk.ts";
import { startServer } from "../../measure/measured-process.ts";
import { freePorts } from "../../measure/ports.ts";
import { type Candidate, measureTogether } from "../../measure/together.ts";
import { nginxCommand } from "../../proxies/nginx-base.ts";
import { sluiceCommand } from "../../proxies/sluice-command.ts";
import { figure } from "../../report/figures.ts";
import { HOST, POOL } from "../../scenario/scenario.ts";
import { ONE_WORKER, writeSluice } from "./write-sluice.ts";

interface Variant extends Candidate {
  readonly port: number;
}

const MODULE = `export default {
  fetch(request) {
    return new Response("Hello " + request.headers.get("host"));
  },
};
`;

/** The module behind the platform's own server, on the port that is the first argument. */
const SERVERS = {
  bun: `import module from "./module.js";
Bun.serve({ port: Number(process.argv[2]), hostname: "127.0.0.1", fetch: module.fetch });
`,
  deno: `import module from "./module.js";
Deno.serve({ port: Number(Deno.args[0]), hostname: "127.0.0.1", onListen() {} }, module.fetch);
`,
};

/** What a request costs that a module answers, all processes together. */
export const functionsRow: Row = async (context) => {
  const { settings, workspace } = context;
  const candidates: Variant[] = [];
  const add = async (
    name: string,
    start: (directory: string) => Promise<Omit<Variant, "name">>,
  ) => {
    const directory = join(workspace, `functions-${candidates.length}`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, "module.js"), MODULE);
    candidates.push({ name, ...(await start(directory)) });
  };
  const sluice = (isolation: string) => async (directory: string) => {
    const [port] = await freePorts(1);
    writeSluice(directory, port, sluiceHttp(isolation), ONE_WORKER);
    const command = [...sluiceCommand(settings.sluice), "--configFile=traefik.yml"];
    return { port, compiles: true, process: await startServer(command, directory, port) };
  };
  try {
    await add("Bun.serve behind nginx", behindNginx([process.execPath], SERVERS.bun));
    const deno = [denoBinary(), "run", "--quiet", "--allow-net"];
    await add("Deno.serve behind nginx", behindNginx(deno, SERVERS.deno));
    await add("Sluice, in process", sluice("none"));
    await add("Sluice, isolation: process", sluice("process"));
    const costs = await measureTogether(context, "functions", candidates, (variant, seconds) =>
      wrk({
        url: `http://127.0.0.1:${variant.port}/`,
        host: HOST,
        connections: settings.connections,
        seconds,
      }),
    );
    const [first] = costs;
    return {
      heading: "Functions, microseconds for each request, all processes together",
      columns: ["served by", "microseconds", "ratio"],
      lines: costs.map(({ name, cpu }) => [name, figure(cpu), (cpu / first.cpu).toFixed(2)]),
      data: costs,
    };
  } finally {
    for (const { name, process } of candidates) {
      // A Sluice that is killed with all of its processes leaves its sockets' directory behind.
      if (name.startsWith("Sluice")) await process.stop();
      process.kill();
    }
  }
};

/** A program behind nginx, as one tree of processes. */
function behindNginx(runtime: readonly string[], server: string) {
  return async (directory: string): Promise<Omit<Variant, "name">> => {
    const [port, upstream] = await freePorts(2);
    const program = join(directory, "server.js");
    writeFileSync(program, server);
    const nginx = nginxCommand(join(directory, "nginx"), nginxHttp(port, upstream));
    const command = [...runtime, program, String(upstream)];
    const script = `"$@" & shift ${command.length}; exec ${nginx.map((word) => `'${word}'`).join(" ")}`;
    const process = await startServer(["sh", "-c", script, "sh", ...command], directory, port);
    return { port, compiles: true, process };
  };
}

function nginxHttp(port: number, upstream: number): string {
  return `
  access_log off;
  keepalive_requests 100000000;
  upstream function {
    server 127.0.0.1:${upstream};
    keepalive ${POOL};
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://function;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }`;
}

function sluiceHttp(isolation: string): string {
  return `  routers:
    all: { rule: PathPrefix(\`/\`), service: function }
  services:
    function: { handler: { module: ./module.js, isolation: ${isolation} } }
`;
}
