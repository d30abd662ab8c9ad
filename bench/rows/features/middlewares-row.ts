import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Row } from "../../context.ts";
import { wrk } from "../../load/wrk.ts";
import { startServer } from "../../measure/measured-process.ts";
import { freePorts } from "../../measure/ports.ts";
import { type Candidate, measureTogether } from "../../measure/together.ts";
import { sluiceCommand } from "../../proxies/sluice-command.ts";
import { figure } from "../../report/figures.ts";
import { CASES, HOST } from "../../scenario/scenario.ts";

interface Variant extends Candidate {
  readonly port: number;
}

/** Every request's credentials: those of basicAuth, and of no account to the others. */
const CREDENTIALS = `Authorization: Basic ${btoa("ann:secret")}`;

/** Stands for the backend's port in what follows. */
const UPSTREAM = "{upstream}";

/** What one more middleware in a router's list costs; none of them refuses or redirects the load. */
const MIDDLEWARES: Readonly<Record<string, string>> = {
  addPrefix: "addPrefix: { prefix: /svc4 }",
  // The password is checked once, and known from then on.
  basicAuth: `basicAuth: { users: ["ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="], removeHeader: true }`,
  buffering: "buffering: { maxRequestBodyBytes: 1000000 }",
  circuitBreaker:
    "circuitBreaker: { expression: NetworkErrorRatio() > 0.5 || LatencyAtQuantileMS(99.0) > 60000 }",
  compress: "compress: {}",
  contentType: "contentType: { autoDetect: false }",
  errors: "errors: { status: [500-599], service: backend }",
  // Its question costs what the request itself costs.
  forwardAuth: `forwardAuth: { address: "http://127.0.0.1:${UPSTREAM}/hello" }`,
  encodedCharacters: "encodedCharacters: {}",
  grpcWeb: 'grpcWeb: { allowOrigins: ["*"] }',
  headers: 'headers: { customRequestHeaders: { X-A: "1" }, customResponseHeaders: { X-B: "2" } }',
  "headers, security":
    "headers: { frameDeny: true, contentTypeNosniff: true, referrerPolicy: same-origin }",
  "headers, CORS":
    'headers: { accessControlAllowOriginList: ["*"], accessControlAllowMethods: [GET] }',
  inFlightReq: "inFlightReq: { amount: 100000 }",
  ipAllowList: "ipAllowList: { sourceRange: [10.0.0.0/8, 127.0.0.0/8] }",
  passTLSClientCert: "passTLSClientCert: { pem: true }",
  plugin: "plugin: { it: { module: ./plugin.js } }",
  rateLimit: "rateLimit: { average: 1000000, burst: 1000000 }",
  redirectRegex: 'redirectRegex: { regex: "^http://old[.]test/(.*)", replacement: "/$1" }',
  replacePath: `replacePath: { path: ${CASES.small.path} }`,
  replacePathRegex: 'replacePathRegex: { regex: "^/svc4/(.*)$", replacement: "/svc4/$1" }',
  retry: "retry: { attempts: 3 }",
  "retry, status": "retry: { attempts: 3, status: [500-599] }",
  stripPrefix: "stripPrefix: { prefixes: [/other, /svc9] }",
  stripPrefixRegex: 'stripPrefixRegex: { regex: ["^/v[0-9]+/"] }',
};

/** Sluice with a single router: without a middleware, and with one of each kind. */
export const middlewaresRow: Row = async (context) => {
  const { settings, workspace, backend } = context;
  const candidates: Variant[] = [];
  try {
    for (const [i, [name, options]] of Object.entries({ none: "", ...MIDDLEWARES }).entries()) {
      const directory = join(workspace, `middleware-${i}`);
      const [port] = await freePorts(1);
      writeConfiguration(directory, port, backend.ports[0], options);
      const command = [...sluiceCommand(settings.sluice), "--configFile=traefik.yml"];
      const process = await startServer(command, directory, port);
      candidates.push({ name, port, compiles: true, process });
    }
    const costs = await measureTogether(
      context,
      "middlewares",
      candidates,
      async (variant, seconds) =>
        wrk({
          url: `http://127.0.0.1:${variant.port}${variant.name === "addPrefix" ? "/hello" : CASES.small.path}`,
          host: HOST,
          connections: settings.connections,
          seconds,
          headers: [CREDENTIALS],
        }),
    );
    const [none, ...others] = costs;
    return {
      heading: `What a middleware adds to a request of ${figure(none.cpu)} microseconds`,
      columns: ["middleware", "microseconds", "share"],
      lines: others.map(({ name, cpu }) => [
        name,
        (cpu - none.cpu).toFixed(1),
        `${((cpu / none.cpu - 1) * 100).toFixed(0)} %`,
      ]),
      data: costs,
    };
  } finally {
    for (const { process } of candidates) process.kill();
  }
};

function writeConfiguration(
  directory: string,
  port: number,
  upstream: number,
  middleware: string,
): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(
    join(directory, "traefik.yml"),
    `entryPoints: { web: { address: "127.0.0.1:${port}" } }
providers: { file: { filename: dynamic.yml } }
log: { level: ERROR }
`,
  );
  const options = middleware.replaceAll(UPSTREAM, String(upstream));
  writeFileSync(
    join(directory, "plugin.js"),
    "export default () => (next) => (request) => next(request);\n",
  );
  const middlewares = middleware === "" ? "" : `  middlewares:\n    it: { ${options} }\n`;
  writeFileSync(
    join(directory, "dynamic.yml"),
    `http:
  routers:
    all:
      rule: PathPrefix(\`/\`)
      service: backend
${middleware === "" ? "" : "      middlewares: [it]\n"}${middlewares}  services:
    backend: { loadBalancer: { servers: [{ url: "http://127.0.0.1:${upstream}" }] } }
`,
  );
}
