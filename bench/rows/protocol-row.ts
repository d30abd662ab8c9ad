import { curl } from "../../tests/support/curl.ts";
import type { Row } from "../context.ts";
import { h2load } from "../load/h2load.ts";
import type { Extras, RunningProxy } from "../proxies/proxy.ts";
import type { CostGoal } from "../report/costs.ts";
import { writeCertificate } from "../scenario/certificate-files.ts";
import {
  CASES,
  type Case,
  CHECK_PATH,
  HOST,
  REQUEST_HEADER,
  RESPONSE_HEADER,
} from "../scenario/scenario.ts";
import { scenarioRow } from "./scenario-row.ts";

/** What clients speak; the backend always gets HTTP/1.1. */
const PROTOCOLS = {
  https: { title: "HTTPS, HTTP/1.1", version: "1.1", curl: ["--http1.1"] },
  h2: { title: "HTTPS, HTTP/2", version: "2", curl: ["--http2"] },
  h2c: { title: "HTTP/2 without TLS", version: "2", curl: ["--http2-prior-knowledge"] },
} as const;

type Protocol = keyof typeof PROTOCOLS;

/** Connections with HTTP/2, and requests at once on each. */
const HTTP2 = { connections: 16, streams: 10 };

/** The scenario with clients of another protocol. */
export function protocolRow(protocol: Protocol, name: Case, aim: CostGoal): Row {
  const { path, size, title: body } = CASES[name];
  const title = `${PROTOCOLS[protocol].title}${body.slice(body.indexOf(","))}`;
  return scenarioRow({
    name: `${protocol}-${name}`,
    heading: "TLS and HTTP/2: CPU of the proxy for each request, in microseconds",
    title,
    aim,
    extras: (directory) => ({ certificate: writeCertificate(directory) }),
    prepare: (proxy, extras) => verifyProtocol(protocol, proxy, extras),
    load: (proxy, { settings }, seconds, clock) => {
      const https = { connections: settings.connections, streams: 1 };
      const how = protocol === "https" ? https : HTTP2;
      return h2load(
        { port: portOf(protocol, proxy), protocol, path, size, ...how, seconds },
        clock,
      );
    },
  });
}

function portOf(protocol: Protocol, { name, h2cPort, tlsPort }: RunningProxy): number {
  if (protocol === "h2c") return h2cPort;
  if (tlsPort === undefined) throw new Error(`${name} was started without a certificate`);
  return tlsPort;
}

/** Proves that the proxy does the scenario's work here too, with the certificate that all were given. */
async function verifyProtocol(
  protocol: Protocol,
  proxy: RunningProxy,
  { certificate }: Extras,
): Promise<void> {
  const scheme = protocol === "h2c" ? "http" : "https";
  const { version, curl: options } = PROTOCOLS[protocol];
  const answer = await curl(
    `${scheme}://${HOST}:${portOf(protocol, proxy)}${CHECK_PATH}`,
    ...options,
    // Without a port, as the load has it.
    ...["-H", `Host: ${HOST}`],
    ...(certificate === undefined ? [] : ["--cacert", certificate.certificate]),
  );
  const complain = (what: string) =>
    new Error(`${proxy.name} is not set up as the scenario says: ${what} with ${protocol}`);
  if (answer.status !== 200 || answer.version !== version)
    throw complain(`HTTP/${answer.version} ${answer.status} ${answer.stderr}`);
  if (answer.headers[RESPONSE_HEADER[0].toLowerCase()] !== RESPONSE_HEADER[1])
    throw complain(`no ${RESPONSE_HEADER[0]}`);
  for (const line of [REQUEST_HEADER.join("="), `X-Forwarded-Proto=${scheme}`]) {
    if (!answer.body.includes(`${line}\n`)) throw complain(`no ${line}: ${answer.body}`);
  }
}
