import { join } from "node:path";
import type { Backend } from "../scenario/backend.ts";
import { TLS } from "../scenario/certificate-files.ts";
import { REQUEST_HEADER, RESPONSE_HEADER, WEBSOCKET_PATH, WEIGHTS } from "../scenario/scenario.ts";
import type { Extras } from "./proxy.ts";

/** A router of the bench: PathPrefix on a host. */
export interface Route {
  readonly host: string;
  readonly prefix: string;
}

/** The static configuration; `tlsPort` where there is to be an entrypoint with TLS. */
export function staticConfiguration(
  directory: string,
  accessLog: string,
  port: number,
  tlsPort: number | undefined,
  workers?: number,
): string {
  const entryPoint = (name: string, port: number) => `
  ${name}:
    address: "127.0.0.1:${port}"
    transport:
      respondingTimeouts:
        idleTimeout: 600s`;
  const secure =
    tlsPort === undefined ? "" : `${entryPoint("websecure", tlsPort)}\n    http: { tls: {} }`;
  return `
entryPoints:${entryPoint("web", port)}${secure}
providers:
  file:
    filename: ${JSON.stringify(join(directory, "dynamic.yml"))}
    watch: true
accessLog:
  filePath: ${JSON.stringify(accessLog)}
  format: common
  # Lines, about as many as fit in the 64 KiB that the others hold back.
  bufferingSize: 400
log:
  level: ERROR
${workers === undefined ? "" : `core:\n  workers: ${workers}\n`}`;
}

/** The dynamic configuration: a router for each route, and for what else the row wants. */
export function dynamicConfiguration(
  backend: Backend,
  routes: readonly Route[],
  responseHeader: string,
  { certificate, echoPort }: Extras,
): string {
  const routers = routes.map(
    ({ host, prefix }, i) => `    route${i}:
      rule: "Host(\`${host}\`) && PathPrefix(\`${prefix}\`)"
      middlewares: [headers]
      service: backend
`,
  );
  const servers = backend.ports.map(
    (port, i) => `          - url: http://127.0.0.1:${port}
            weight: ${WEIGHTS[i]}
`,
  );
  const services = [
    `    backend:
      loadBalancer:
        servers:
${servers.join("")}`,
  ];
  if (echoPort !== undefined) {
    routers.push(`    websocket:
      rule: "Path(\`${WEBSOCKET_PATH}\`)"
      middlewares: [headers]
      service: echo
`);
    services.push(`    echo:
      loadBalancer:
        servers:
          - url: http://127.0.0.1:${echoPort}
`);
  }
  const tls =
    certificate === undefined
      ? ""
      : `tls:
  certificates:
    - certFile: ${JSON.stringify(certificate.certificate)}
      keyFile: ${JSON.stringify(certificate.key)}
  options:
    default:
      minVersion: VersionTLS13
      curvePreferences: [${TLS.curve}]
`;
  return `http:
  routers:
${routers.join("")}  middlewares:
    headers:
      headers:
        customRequestHeaders:
          ${REQUEST_HEADER.join(": ")}
        customResponseHeaders:
          ${RESPONSE_HEADER[0]}: ${responseHeader}
  services:
${services.join("")}${tls}`;
}
