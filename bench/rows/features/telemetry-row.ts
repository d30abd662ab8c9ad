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

/** Stands for what receives traces in what follows: it answers with 200, whatever it gets. */
const RECEIVER = "{receiver}";

const LOG = "accessLog: { filePath: access.log, bufferingSize: 100 }\n";
const METRICS = "metrics: { prometheus: { manualRouting: true, addRoutersLabels: true } }\n";
const tracing = (rate: number) =>
  `tracing: { sampleRate: ${rate}, otlp: { http: { endpoint: "${RECEIVER}" } } }\n`;

/** Lines of the static configuration. */
const SIGNALS: Readonly<Record<string, string>> = {
  // What two programs that do the same differ by: less than that says nothing.
  "nothing, once more": "",
  "access log": LOG,
  "metrics of entrypoint, router and service": METRICS,
  "access log and metrics": LOG + METRICS,
  "tracing, sampled out": tracing(0),
  "tracing, 1 % sampled": tracing(0.01),
  "tracing, all sampled": tracing(1),
};

/** Sluice with a single router: without any of the signals, and with each. */
export const telemetryRow: Row = async (context) => {
  const { settings, workspace, backend } = context;
  const candidates: Variant[] = [];
  try {
    for (const [i, [name, lines]] of Object.entries({ none: "", ...SIGNALS }).entries()) {
      const directory = join(workspace, `telemetry-${i}`);
      const [port] = await freePorts(1);
      writeConfiguration(directory, port, backend.ports[0], lines);
      const command = [...sluiceCommand(settings.sluice), "--configFile=traefik.yml"];
      const process = await startServer(command, directory, port);
      candidates.push({ name, port, compiles: true, process });
    }
    const costs = await measureTogether(
      context,
      "telemetry",
      candidates,
      async (variant, seconds) =>
        wrk({
          url: `http://127.0.0.1:${variant.port}${CASES.small.path}`,
          host: HOST,
          connections: settings.connections,
          seconds,
        }),
    );
    const [none, ...others] = costs;
    return {
      heading: `What telling of a request adds to its ${figure(none.cpu)} microseconds`,
      columns: ["signal", "microseconds", "share"],
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
  lines: string,
): void {
  mkdirSync(directory, { recursive: true });
  const url = `http://127.0.0.1:${upstream}`;
  writeFileSync(
    join(directory, "traefik.yml"),
    `entryPoints: { web: { address: "127.0.0.1:${port}" } }
providers: { file: { filename: dynamic.yml } }
log: { level: ERROR }
${lines.replaceAll(RECEIVER, `${url}/hello`)}`,
  );
  writeFileSync(
    join(directory, "dynamic.yml"),
    `http:
  routers:
    all: { rule: "PathPrefix(\`/\`)", service: backend }
  services:
    backend: { loadBalancer: { servers: [{ url: "${url}" }] } }
`,
  );
}
