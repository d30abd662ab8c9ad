import type { ResolverState } from "../../acme/resolver/resolver-state.ts";
import type { StaticConfiguration } from "../../config/static/schema.ts";
import type { FunctionStates } from "../../isolation/supervisor.ts";
import { type MetricsBook, requestFigures } from "../../telemetry/metrics/metrics-book.ts";
import { labelsOfKind } from "../../telemetry/metrics/request-kind.ts";
import type { MeterOwner } from "../../telemetry/metrics/series.ts";
import { mergedCounts } from "../merged-counts.ts";
import { OWNER_NAMES } from "../owner-names.ts";
import type { ProcessState } from "../process-state.ts";
import { functionFamilies } from "./function-families.ts";
import type { ProcessFigures } from "./process-figures.ts";
import { resolverFamilies } from "./resolver-families.ts";
import { type Labels, TextFormat } from "./text-format.ts";

export type PrometheusOptions = NonNullable<
  NonNullable<StaticConfiguration["metrics"]>["prometheus"]
>;

/** Prometheus' own headers of its text format, as Traefik 3 sends them. */
export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

const PARTITIONED = {
  entrypoint: "partitioned by status code, protocol, and method.",
  router: "partitioned by service, status code, protocol, and method.",
  service: "partitioned by status code, protocol, and method.",
} as const;

/**
 * The metrics as Prometheus scrapes them, with the names and labels of Traefik's
 * pkg/observability/metrics/prometheus.go.
 */
export function exposition(
  options: PrometheusOptions,
  book: MetricsBook,
  state: ProcessState,
  figures: ProcessFigures,
  resolvers: readonly ResolverState[] = [],
  functions: FunctionStates = {},
): string {
  const format = new TextFormat();
  requestFamilies(format, options, book);
  stateFamilies(format, state);
  resolverFamilies(format, resolvers);
  processFamilies(format, figures, state.startedAt);
  functionFamilies(format, functions);
  return format.toString();
}

function requestFamilies(format: TextFormat, options: PrometheusOptions, book: MetricsBook): void {
  const { buckets, headerLabels = {} } = options;
  const labelNames = Object.keys(headerLabels);
  const wanted = {
    entryPoint: options.addEntryPointsLabels,
    router: options.addRoutersLabels,
    service: options.addServicesLabels,
    server: false,
  };
  for (const { series, numbers } of book.read()) {
    const { owner } = series;
    if (series.figure === "connections") {
      format.family(
        "traefik_open_connections",
        "gauge",
        "How many open connections exist, by entryPoint and protocol",
      );
      const labels: Labels = [
        ["entrypoint", owner.name],
        ["protocol", "TCP"],
      ];
      format.sample("traefik_open_connections", labels, numbers[0]);
      continue;
    }
    const word = OWNER_NAMES[owner.kind];
    if (!wanted[owner.kind] || word === null) continue;
    const name = `traefik_${word}`;
    const own = ownerLabels(owner);
    const by = PARTITIONED[word];
    if (series.figure === "retries") {
      format.family(
        "traefik_service_retries_total",
        "counter",
        "How many request retries happened on a service.",
      );
      format.sample("traefik_service_retries_total", own, numbers[0]);
      continue;
    }
    if (series.figure === "tls") {
      format.family(
        `${name}_requests_tls_total`,
        "counter",
        `How many HTTP requests with TLS processed on ${word === "entrypoint" ? "an" : "a"} ${word}, partitioned by TLS version and TLS cipher used.`,
      );
      const labels: Labels = [
        ...own,
        ["tls_version", series.version],
        ["tls_cipher", series.cipher],
      ];
      format.sample(`${name}_requests_tls_total`, labels, numbers[0]);
      continue;
    }
    const { code, method, protocol } = labelsOfKind(series.kind);
    const labels: Labels = [...own, ["code", code], ["method", method], ["protocol", protocol]];
    const total = `${name}_requests_total`;
    format.family(
      total,
      "counter",
      `How many HTTP requests processed on ${word === "entrypoint" ? "an" : "a"} ${word}, ${by}`,
    );
    if (series.figure === "labelled") {
      const values = labelNames.map((label, i): [string, string] => [label, series.values[i]]);
      format.sample(total, [...labels, ...values], numbers[0]);
      continue;
    }
    const figures = requestFigures(owner, series.kind, numbers);
    if (labelNames.length === 0) format.sample(total, labels, figures.count);
    format.family(
      `${name}_request_duration_seconds`,
      "histogram",
      `How long it took to process the request on ${word === "entrypoint" ? "an" : "a"} ${word}, ${by}`,
    );
    const counts = mergedCounts(figures.counts, book.bounds, buckets);
    format.histogram(`${name}_request_duration_seconds`, labels, buckets, counts, figures.sum);
    for (const [suffix, what, bytes] of [
      ["requests_bytes_total", "requests", figures.requestBytes],
      ["responses_bytes_total", "responses", figures.responseBytes],
    ] as const) {
      format.family(
        `${name}_${suffix}`,
        "counter",
        `The total size of ${what} in bytes handled by ${word === "entrypoint" ? "an" : "a"} ${word}, ${by}`,
      );
      format.sample(`${name}_${suffix}`, labels, bytes);
    }
  }
}

function ownerLabels(owner: MeterOwner): Labels {
  switch (owner.kind) {
    case "entryPoint":
      return [["entrypoint", owner.name]];
    case "router":
      return [
        ["router", owner.name],
        ["service", owner.service],
      ];
    default:
      return [["service", owner.name]];
  }
}

function stateFamilies(format: TextFormat, state: ProcessState): void {
  format.family("traefik_config_reloads_total", "counter", "Config reloads");
  format.sample("traefik_config_reloads_total", [], state.reloads);
  format.family("traefik_config_last_reload_success", "gauge", "Last config reload success");
  format.sample("traefik_config_last_reload_success", [], Math.floor(state.lastReload / 1000));
  format.family("traefik_tls_certs_not_after", "gauge", "Certificate expiration timestamp");
  for (const { cn, serial, sans, notAfter } of state.certificates) {
    const labels: Labels = [
      ["cn", cn],
      ["sans", [...sans].sort().join(",")],
      ["serial", serial],
    ];
    format.sample("traefik_tls_certs_not_after", labels, Math.floor(notAfter / 1000));
  }
  format.family(
    "traefik_service_server_up",
    "gauge",
    "service server is up, described by gauge value of 0 or 1.",
  );
  for (const { service, url, up } of state.servers) {
    const labels: Labels = [
      ["service", service],
      ["url", url],
    ];
    format.sample("traefik_service_server_up", labels, up ? 1 : 0);
  }
}

function processFamilies(format: TextFormat, figures: ProcessFigures, startedAt: number): void {
  const families = [
    [
      "process_cpu_seconds_total",
      "counter",
      "Total user and system CPU time spent in seconds.",
      figures.cpuSeconds,
    ],
    [
      "process_resident_memory_bytes",
      "gauge",
      "Resident memory size in bytes.",
      figures.residentMemory,
    ],
    [
      "process_virtual_memory_bytes",
      "gauge",
      "Virtual memory size in bytes.",
      figures.virtualMemory,
    ],
    ["process_open_fds", "gauge", "Number of open file descriptors.", figures.openFds],
    ["process_max_fds", "gauge", "Maximum number of open file descriptors.", figures.maxFds],
    [
      "process_start_time_seconds",
      "gauge",
      "Start time of the process since unix epoch in seconds.",
      startedAt / 1000,
    ],
  ] as const;
  for (const [name, type, help, value] of families) {
    if (value === undefined) continue;
    format.family(name, type, help);
    format.sample(name, [], value);
  }
}
