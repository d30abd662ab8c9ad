import { join } from "node:path";
import { startServer } from "../measure/measured-process.ts";
import { ALL_CORES, PROXY_CORES } from "../measure/pinning.ts";
import { freePorts } from "../measure/ports.ts";
import {
  HOSTS,
  POOL,
  PREFIXES,
  REQUEST_HEADER,
  RESPONSE_HEADER,
  WEBSOCKET_PATH,
  WEIGHTS,
} from "../scenario/scenario.ts";
import { nginxCommand } from "./nginx-base.ts";
import { nginxTls } from "./nginx-tls.ts";
import type { StartProxy } from "./proxy.ts";

/** nginx: a server for each host, a location for each prefix; buffers as they are by default. */
export const startNginxProxy: StartProxy = async (directory, backend, extras = {}) => {
  const { certificate, echoPort, workers } = extras;
  const [port, h2cPort, tlsPort] = await freePorts(3);
  const accessLog = join(directory, "access.log");
  const locations = PREFIXES.map(
    (prefix) => `    location ${prefix} { proxy_pass http://backend; }`,
  );
  if (echoPort !== undefined) locations.push(websocketLocation(echoPort));
  const listen = (options = "") =>
    [
      `    listen 127.0.0.1:${port}${options};`,
      `    listen 127.0.0.1:${h2cPort} http2${options};`,
      certificate === undefined ? "" : `    listen 127.0.0.1:${tlsPort} ssl http2${options};`,
    ].join("\n");
  const servers = HOSTS.map(
    (host) => `  server {
${listen()}
    server_name ${host};
${locations.join("\n")}
  }`,
  );
  const command = nginxCommand(
    directory,
    `
  access_log ${accessLog} combined buffer=64k;
  keepalive_timeout 600s;
  keepalive_requests 100000000;
  tcp_nodelay on;
${certificate === undefined ? "" : nginxTls(certificate)}
  upstream backend {
${backend.ports.map((p, i) => `    server 127.0.0.1:${p} weight=${WEIGHTS[i]};`).join("\n")}
    keepalive ${POOL};
    keepalive_requests 100000000;
  }
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_set_header X-Forwarded-Port $server_port;
  proxy_set_header X-Forwarded-Server $hostname;
  proxy_set_header X-Real-Ip $remote_addr;
  proxy_set_header ${REQUEST_HEADER.join(" ")};
  add_header ${RESPONSE_HEADER.join(" ")};
  server {
${listen(` default_server backlog=4096${workers === undefined ? "" : " reuseport"}`)}
    return 404;
  }
${servers.join("\n")}`,
    "",
    workers,
  );
  return {
    name: "nginx",
    port,
    h2cPort,
    tlsPort: certificate && tlsPort,
    accessLog,
    compiles: false,
    process: await startServer(command, directory, port, {
      cores: workers === undefined ? PROXY_CORES : ALL_CORES,
    }),
  };
};

/** nginx has to be told which hop-by-hop headers to pass on. */
function websocketLocation(port: number): string {
  return `    location = ${WEBSOCKET_PATH} {
      proxy_pass http://127.0.0.1:${port};
      proxy_set_header Connection upgrade;
      proxy_set_header Upgrade $http_upgrade;
      proxy_read_timeout 600s;
    }`;
}
