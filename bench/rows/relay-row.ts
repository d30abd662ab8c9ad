import { join } from "node:path";
import { curl } from "../../tests/support/curl.ts";
import type { Row } from "../context.ts";
import type { Load } from "../load/load.ts";
import { wrk } from "../load/wrk.ts";
import { type MeasuredProcess, startServer } from "../measure/measured-process.ts";
import { LOAD_CORES } from "../measure/pinning.ts";
import { freePorts } from "../measure/ports.ts";
import { measureTogether } from "../measure/together.ts";
import { nginxCommand } from "../proxies/nginx-base.ts";
import { nginxTls } from "../proxies/nginx-tls.ts";
import { columnsOf } from "../proxies/participants.ts";
import { type RunningRelay, relays } from "../proxies/relay-proxies.ts";
import { costResult, yieldResult } from "../report/costs.ts";
import { filesDirectory } from "../scenario/backend.ts";
import { type CertificateFiles, writeCertificate } from "../scenario/certificate-files.ts";
import { CASES, FILES, type FileName, HOST } from "../scenario/scenario.ts";

const CONNECTIONS = 16;

/** What goes through a TCP router. */
export interface RelayLoad {
  readonly name: string;
  readonly title: string;
  /** TLS that is passed on by the name in its ClientHello, or anything. */
  readonly kind: "passthrough" | "relay";
  readonly file: FileName;
  /** Each connection is for one request. */
  readonly short?: boolean;
  /** The bytes matter, not the requests. */
  readonly yields?: boolean;
}

/** Bytes from a server to clients through TCP routers. */
export function relayRow(row: RelayLoad): Row {
  return async (context) => {
    const { settings, workspace } = context;
    const directory = join(workspace, row.name);
    const certificate = writeCertificate(directory);
    const started: { readonly process: MeasuredProcess }[] = [];
    try {
      const candidates: RunningRelay[] = [];
      for (const [i, start] of relays(settings).entries()) {
        // One each: nginx goes on with a connection that never fills, and the others starve.
        const [tls] = await freePorts(1);
        const own = join(directory, `backend-${i}`);
        started.push({ process: await startTlsBackend(workspace, own, tls, certificate) });
        const backends = { tls, plain: context.backend.ports[0] };
        candidates.push(await start(join(directory, String(i)), backends));
        started.push(candidates[i]);
        await verifyRelay(candidates[i], certificate);
      }
      const costs = await measureTogether(context, row.title, candidates, (relay, seconds) =>
        load(row, relay, seconds),
      );
      const columns = columnsOf(settings);
      return row.yields
        ? yieldResult(
            "TCP and TLS passed through: megabytes for each second of the proxy's CPU",
            row.title,
            FILES[row.file].size / 1e6,
            { nginx: 1, HAProxy: 1 },
            columns,
            costs,
          )
        : costResult(
            "TCP and TLS passed through: CPU of the proxy for each exchange, in microseconds",
            row.title,
            { HAProxy: 1 },
            columns,
            costs,
          );
    } finally {
      for (const { process } of started) process.kill();
    }
  };
}

function startTlsBackend(
  workspace: string,
  directory: string,
  port: number,
  certificate: CertificateFiles,
): Promise<MeasuredProcess> {
  const command = nginxCommand(
    directory,
    `
  access_log off;
  keepalive_requests 100000000;
  open_file_cache max=100;
${nginxTls(certificate)}
  server {
    listen 127.0.0.1:${port} ssl;
    root ${filesDirectory(workspace)};
  }`,
  );
  return startServer(command, directory, port, { cores: LOAD_CORES });
}

/** With wrk for TLS too: h2load goes on for ever where large responses are slow to come. */
function load(
  { kind, file, short }: RelayLoad,
  { tlsPort, plainPort }: RunningRelay,
  seconds: number,
): Promise<Load> {
  const { path, size } = FILES[file];
  const origin =
    kind === "passthrough" ? `https://${HOST}:${tlsPort}` : `http://${HOST}:${plainPort}`;
  return wrk({
    url: origin + path,
    host: HOST,
    connections: CONNECTIONS,
    seconds,
    size: size > 10_000 ? size : undefined,
    headers: short ? ["Connection: close"] : [],
  });
}

/** Proves that names decide, that the backend's TLS is seen, and that all bytes come. */
async function verifyRelay(relay: RunningRelay, { certificate }: CertificateFiles): Promise<void> {
  const { path, size } = CASES["1m"];
  const trusting = ["--cacert", certificate];
  const complain = (what: string, seen: unknown) =>
    new Error(`${relay.name} does not relay ${what}: ${JSON.stringify(seen)}`);
  const tls = await curl(`https://${HOST}:${relay.tlsPort}${path}`, ...trusting);
  if (tls.status !== 200 || tls.body.length !== size) throw complain("TLS", tls.stderr);
  const plain = await curl(`http://${HOST}:${relay.plainPort}${path}`);
  if (plain.status !== 200 || plain.body.length !== size) throw complain("TCP", plain.stderr);
  const unknown = await curl(`https://other.test:${relay.tlsPort}${path}`, "--insecure");
  if (unknown.status === 200) throw complain("by name", unknown.status);
}
