import { join } from "node:path";
import { curl } from "../tests/support/curl.ts";
import { filesDirectory } from "./backend.ts";
import type { Row } from "./bench-context.ts";
import { type CertificateFiles, writeCertificate } from "./certificate-files.ts";
import { compare, yieldResult } from "./comparison.ts";
import type { CpuClock } from "./cost.ts";
import { h2load } from "./h2load.ts";
import { load } from "./load.ts";
import { type MeasuredProcess, startServer } from "./measured-process.ts";
import { nginxCommand } from "./nginx-base.ts";
import { nginxTls } from "./nginx-tls.ts";
import { freePorts } from "./ports.ts";
import {
  type RunningRelay,
  startHaproxyRelay,
  startNginxRelay,
  startSluiceRelay,
} from "./relay-proxies.ts";
import { CASES, HOST } from "./scenario.ts";

const { path, size } = CASES["1m"];
const CONNECTIONS = 16;
const TITLES = { passthrough: "TLS by SNI, not terminated", relay: "TCP" } as const;

/** Bytes from a server to clients through TCP routers: TLS that is passed on by its name, or anything. */
export function relayRow(kind: keyof typeof TITLES): Row {
  return async (context) => {
    const directory = join(context.workspace, kind);
    const certificate = writeCertificate(directory);
    const [tls] = await freePorts(1);
    const started: { readonly process: MeasuredProcess }[] = [];
    try {
      const backend = await startTlsBackend(context.workspace, directory, tls, certificate);
      started.push({ process: backend });
      const starts = [
        startSluiceRelay(context.settings.sluice),
        startNginxRelay,
        startHaproxyRelay,
      ];
      const relays: RunningRelay[] = [];
      for (const [i, start] of starts.entries()) {
        const backends = { tls, plain: context.backend.ports[0] };
        relays.push(await start(join(directory, String(i)), backends));
        started.push(relays[i]);
        await verifyRelay(relays[i], certificate);
      }
      const costs = await compare(context, TITLES[kind], relays, (relay, seconds, clock) =>
        kind === "passthrough" ? loadTls(relay, seconds, clock) : loadPlain(relay, seconds),
      );
      return yieldResult(
        "TCP and TLS passed through: megabytes for each second of the proxy's CPU",
        TITLES[kind],
        size / 1e6,
        costs,
        "both",
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
    join(directory, "backend"),
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
  return startServer(command, directory, port);
}

const loadTls = ({ tlsPort: port }: RunningRelay, seconds: number, clock?: CpuClock) =>
  h2load(
    { port, protocol: "https", path, size, connections: CONNECTIONS, streams: 1, seconds },
    clock,
  );

const loadPlain = ({ plainPort }: RunningRelay, seconds: number) =>
  load({
    url: `http://127.0.0.1:${plainPort}${path}`,
    host: HOST,
    connections: CONNECTIONS,
    seconds,
  });

/** Proves that names decide, that the backend's TLS is seen, and that all bytes come. */
async function verifyRelay(relay: RunningRelay, { certificate }: CertificateFiles): Promise<void> {
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
