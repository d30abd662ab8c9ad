import { mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { toolPath } from "../../scripts/tool-path.ts";
import { startServer } from "../measure/measured-process.ts";
import { freePorts } from "../measure/ports.ts";
import {
  HOSTS,
  PREFIXES,
  REQUEST_HEADER,
  RESPONSE_HEADER,
  WEBSOCKET_PATH,
  WEIGHTS,
} from "../scenario/scenario.ts";
import { haproxyTls } from "./haproxy-tls.ts";
import { startLogSink } from "./log-sink.ts";
import type { StartProxy } from "./proxy.ts";

/**
 * HAProxy: routes in a prefix map of host and path. It can't write a log file itself; nearest to a
 * buffered file is its ring buffer, from which it sends many lines at once to a sink that writes them.
 */
export const startHaproxyProxy: StartProxy = async (directory, backend, extras = {}) => {
  const { certificate, echoPort } = extras;
  const haproxy = toolPath("haproxy");
  if (haproxy === null) throw new Error("haproxy is not installed");
  mkdirSync(directory, { recursive: true });
  const [port, tlsPort] = await freePorts(2);
  const accessLog = join(directory, "access.log");
  const sink = await startLogSink(directory, accessLog);
  const map = join(directory, "routes.map");
  const lines = HOSTS.flatMap((host) => PREFIXES.map((prefix) => `${host}${prefix} backend\n`));
  if (echoPort !== undefined) lines.push(...HOSTS.map((host) => `${host}${WEBSOCKET_PATH} echo\n`));
  writeFileSync(map, lines.join(""));
  const file = join(directory, "haproxy.cfg");
  writeFileSync(
    file,
    `global
  nbthread 1
  no strict-limits
  maxconn 15000
  log ring@access format raw local0

ring access
  format raw
  maxlen 1024
  size 4194304
  timeout connect 5s
  timeout server 60s
  server sink 127.0.0.1:${sink}

defaults
  mode http
  log global
  option httplog clf
  option forwardfor
  http-reuse always
  timeout connect 5s
  timeout client 600s
  timeout server 60s
  timeout http-keep-alive 600s
  timeout tunnel 600s

frontend web
  bind 127.0.0.1:${port} backlog 4096
${certificate === undefined ? "" : `  bind 127.0.0.1:${tlsPort} backlog 4096 ${haproxyTls(certificate)}`}
  http-request set-header X-Forwarded-Proto ${certificate === undefined ? "http" : "%[ssl_fc,iif(https,http)]"}
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header X-Forwarded-Port %[dst_port]
  http-request set-header X-Forwarded-Server ${hostname()}
  http-request set-header X-Real-Ip %[src]
  http-request set-header ${REQUEST_HEADER.join(" ")}
  http-response set-header ${RESPONSE_HEADER.join(" ")}
  use_backend %[base,map_beg(${map})]

backend backend
  balance roundrobin
${backend.ports.map((p, i) => `  server backend${i} 127.0.0.1:${p} weight ${WEIGHTS[i]}`).join("\n")}
${echoPort === undefined ? "" : `\nbackend echo\n  server echo 127.0.0.1:${echoPort}\n`}`,
  );
  // -db: in the foreground and without a second process.
  const process = await startServer([haproxy, "-db", "-f", file], directory, port);
  return {
    name: "HAProxy",
    port,
    h2cPort: port,
    tlsPort: certificate && tlsPort,
    accessLog,
    compiles: false,
    process,
  };
};
