import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toolPath } from "../../scripts/tool-path.ts";
import { startServer } from "../measure/measured-process.ts";
import { freePorts } from "../measure/ports.ts";
import type { Candidate } from "../measure/together.ts";
import { HOSTS } from "../scenario/scenario.ts";
import type { ProxyName, Settings } from "../settings.ts";
import { nginxCommand } from "./nginx-base.ts";
import { TITLES } from "./participants.ts";
import { sluiceCommand } from "./sluice-command.ts";

/** A proxy that passes connections on without looking further than to the name in a ClientHello. */
export interface RunningRelay extends Candidate {
  /** Goes to the TLS backend where the ClientHello names one of the scenario's hosts, else nowhere. */
  readonly tlsPort: number;
  /** Goes to the plain backend, whatever comes. */
  readonly plainPort: number;
}

/** Ports of the servers behind. */
export interface RelayBackends {
  readonly tls: number;
  readonly plain: number;
}

export type StartRelay = (directory: string, backends: RelayBackends) => Promise<RunningRelay>;

const NGINX_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so";

/** nginx: its stream module with ssl_preread, and a map of names. */
const startNginxRelay: StartRelay = async (directory, { tls, plain }) => {
  const [tlsPort, plainPort] = await freePorts(2);
  if (!existsSync(NGINX_MODULE)) throw new Error("libnginx-mod-stream is not installed");
  const stream = `stream {
  map $ssl_preread_server_name $server {
${HOSTS.map((host) => `    ${host} 127.0.0.1:${tls};`).join("\n")}
    default "";
  }
  server { listen 127.0.0.1:${tlsPort}; ssl_preread on; proxy_pass $server; }
  server { listen 127.0.0.1:${plainPort}; proxy_pass 127.0.0.1:${plain}; }
}
`;
  const command = nginxCommand(directory, "", `load_module ${NGINX_MODULE};\n${stream}`);
  const process = await startServer(command, directory, plainPort);
  return { name: TITLES.nginx, compiles: false, process, tlsPort, plainPort };
};

/** HAProxy: mode tcp with req.ssl_sni in a map. */
const startHaproxyRelay: StartRelay = async (directory, { tls, plain }) => {
  const haproxy = toolPath("haproxy");
  if (haproxy === null) throw new Error("haproxy is not installed");
  const [tlsPort, plainPort] = await freePorts(2);
  mkdirSync(directory, { recursive: true });
  const map = join(directory, "names.map");
  writeFileSync(map, HOSTS.map((host) => `${host} tls\n`).join(""));
  const file = join(directory, "haproxy.cfg");
  writeFileSync(
    file,
    `global
  nbthread 1
  no strict-limits
  maxconn 15000

defaults
  mode tcp
  timeout connect 5s
  timeout client 600s
  timeout server 600s

frontend tls
  bind 127.0.0.1:${tlsPort}
  tcp-request inspect-delay 5s
  tcp-request content accept if { req.ssl_hello_type 1 }
  use_backend %[req.ssl_sni,lower,map(${map})]

frontend plain
  bind 127.0.0.1:${plainPort}
  default_backend plain

backend tls
  server tls 127.0.0.1:${tls}

backend plain
  server plain 127.0.0.1:${plain}
`,
  );
  const process = await startServer([haproxy, "-db", "-f", file], directory, plainPort);
  return { name: TITLES.haproxy, compiles: false, process, tlsPort, plainPort };
};

/** How to start those who take part and can relay, in the order of the columns. */
export function relays({ sluice, base, proxies }: Settings): StartRelay[] {
  const all: Partial<Record<ProxyName, StartRelay>> = {
    sluice: startSluiceRelay(TITLES.sluice, sluiceCommand(sluice)),
    base: startSluiceRelay(TITLES.base, sluiceCommand(sluice, base)),
    nginx: startNginxRelay,
    haproxy: startHaproxyRelay,
  };
  return proxies.map((name) => all[name]).filter((start) => start !== undefined);
}

/** Sluice: a TCP router with passthrough, and one for everything. */
function startSluiceRelay(name: string, program: readonly string[]): StartRelay {
  return async (directory, { tls, plain }) => {
    const [tlsPort, plainPort] = await freePorts(2);
    mkdirSync(directory, { recursive: true });
    const file = join(directory, "traefik.yml");
    const dynamic = join(directory, "dynamic.yml");
    writeFileSync(
      file,
      `entryPoints:
  tls: { address: "127.0.0.1:${tlsPort}" }
  plain: { address: "127.0.0.1:${plainPort}" }
providers:
  file: { filename: ${JSON.stringify(dynamic)} }
log: { level: ERROR }
`,
    );
    writeFileSync(
      dynamic,
      `tcp:
  routers:
    tls:
      entryPoints: [tls]
      rule: ${HOSTS.map((host) => `HostSNI(\`${host}\`)`).join(" || ")}
      tls: { passthrough: true }
      service: tls
    plain:
      entryPoints: [plain]
      rule: HostSNI(\`*\`)
      service: plain
  services:
    tls: { loadBalancer: { servers: [{ address: "127.0.0.1:${tls}" }] } }
    plain: { loadBalancer: { servers: [{ address: "127.0.0.1:${plain}" }] } }
`,
    );
    const command = [...program, `--configFile=${file}`];
    const process = await startServer(command, directory, plainPort);
    return { name, compiles: true, process, tlsPort, plainPort };
  };
}
