import { join } from "node:path";
import { startServer } from "./measured-process.ts";
import { nginxCommand } from "./nginx-base.ts";
import { freePorts } from "./ports.ts";
import type { StartProxy } from "./proxy.ts";
import { HOSTS, POOL, PREFIXES, REQUEST_HEADER, RESPONSE_HEADER, WEIGHTS } from "./scenario.ts";

/** nginx: a server for each host, a location for each prefix; buffers as they are by default. */
export const startNginxProxy: StartProxy = async (directory, backend) => {
  const [port] = await freePorts(1);
  const accessLog = join(directory, "access.log");
  const locations = PREFIXES.map(
    (prefix) => `    location ${prefix} { proxy_pass http://backend; }`,
  );
  const servers = HOSTS.map(
    (host) => `  server {
    listen 127.0.0.1:${port};
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
    listen 127.0.0.1:${port} default_server backlog=4096;
    return 404;
  }
${servers.join("\n")}`,
  );
  return { name: "nginx", port, accessLog, process: await startServer(command, directory, port) };
};
