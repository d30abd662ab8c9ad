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
import type { StartProxy } from "./proxy.ts";

/**
 * Caddy: a `handle` for each host, and one for each prefix in it. Debian's has no weights: an address that
 * is to get more is listed more often. Its access log is JSON.
 */
export const startCaddyProxy: StartProxy = async (directory, backend, extras = {}) => {
  const { certificate, echoPort } = extras;
  const caddy = toolPath("caddy");
  if (caddy === null) throw new Error("caddy is not installed");
  mkdirSync(directory, { recursive: true });
  const [port, tlsPort] = await freePorts(2);
  const accessLog = join(directory, "access.log");
  const addresses = backend.ports.flatMap((p, i) =>
    Array.from({ length: WEIGHTS[i] }, () => `127.0.0.1:${p}`),
  );
  const websocket =
    echoPort === undefined
      ? ""
      : `    handle ${WEBSOCKET_PATH} {\n      reverse_proxy 127.0.0.1:${echoPort}\n    }\n`;
  const hosts = HOSTS.map(
    (host, i) => `  @host${i} host ${host}
  handle @host${i} {
${websocket}${PREFIXES.map((prefix) => `    handle ${prefix}* {\n      import upstream\n    }\n`).join("")}  }
`,
  );
  const tls =
    certificate === undefined
      ? ""
      : `https://:${tlsPort} {
  bind 127.0.0.1
  tls ${certificate.certificate} ${certificate.key} {
    protocols tls1.3
    curves x25519
  }
  import scenario
}
`;
  const file = join(directory, "Caddyfile");
  writeFileSync(
    file,
    `{
  admin off
  auto_https off
  servers {
    protocols h1 h2 h2c
    timeouts {
      idle 600s
    }
  }
  log {
    level ERROR
    exclude http.log.access
  }
}
(upstream) {
  reverse_proxy ${addresses.join(" ")} {
    lb_policy round_robin
    header_up X-Forwarded-Port ${port}
    header_up X-Forwarded-Server ${hostname()}
    header_up X-Real-Ip {http.request.remote.host}
    header_up ${REQUEST_HEADER.join(" ")}
    transport http {
      keepalive_idle_conns 200
      keepalive_idle_conns_per_host 200
      compression off
    }
  }
}
(scenario) {
  header ${RESPONSE_HEADER.join(" ")}
  log {
    output file ${accessLog} {
      roll_disabled
    }
  }
${hosts.join("")}  handle {
    respond 404
  }
}
http://:${port} {
  bind 127.0.0.1
  import scenario
}
${tls}`,
  );
  const command = [caddy, "run", "--adapter", "caddyfile", "--config", file];
  // It keeps what it must under its home.
  const env = { HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  return {
    name: "Caddy",
    port,
    h2cPort: port,
    tlsPort: certificate && tlsPort,
    accessLog,
    compiles: false,
    process: await startServer(command, directory, port, { env }),
  };
};
