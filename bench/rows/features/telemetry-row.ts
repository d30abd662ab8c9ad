import type { Row } from "../../context.ts";
import { addedCost } from "./added-cost.ts";

const LOG = "accessLog: { filePath: access.log, bufferingSize: 100 }\n";
const METRICS = "metrics: { prometheus: { manualRouting: true, addRoutersLabels: true } }\n";
/** What receives traces answers with 200, whatever it gets. */
const tracing = (rate: number, upstream: number) =>
  `tracing: { sampleRate: ${rate}, otlp: { http: { endpoint: "http://127.0.0.1:${upstream}/hello" } } }\n`;

/** Lines of the static configuration. */
const signals = (upstream: number): Readonly<Record<string, string>> => ({
  // What two programs that do the same differ by: less than that says nothing.
  "nothing, once more": "",
  "access log": LOG,
  "metrics of entrypoint, router and service": METRICS,
  "access log and metrics": LOG + METRICS,
  "tracing, sampled out": tracing(0, upstream),
  "tracing, 1 % sampled": tracing(0.01, upstream),
  "tracing, all sampled": tracing(1, upstream),
});

/** Sluice with a single router: without any of the signals, and with each. */
export const telemetryRow: Row = (context) =>
  addedCost(context, {
    name: "telemetry",
    heading: "What telling of a request adds to its",
    column: "signal",
    features: (upstream) =>
      Object.fromEntries(
        Object.entries(signals(upstream)).map(([name, lines]) => [name, { lines }]),
      ),
  });
