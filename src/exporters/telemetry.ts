import type { StaticConfiguration } from "../config/static/schema.ts";
import type { Logger } from "../core/logger.ts";
import type { ControlResponse } from "../internal/control-request.ts";
import type { ApplyReport } from "../server/data-plane.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { MetricsBook } from "../telemetry/metrics/metrics-book.ts";
import { metricsSettings } from "../telemetry/metrics/metrics-settings.ts";
import type { TelemetryMessage } from "../telemetry/telemetry-message.ts";
import { configuredOwners } from "./configured-owners.ts";
import { type ExporterRuntime, otlpExporter } from "./otlp/otlp-exporter.ts";
import { resourceOf } from "./otlp/resource.ts";
import type { Outbox } from "./outbox.ts";
import { ProcessState } from "./process-state.ts";
import { CONTENT_TYPE, exposition } from "./prometheus/exposition.ts";
import { processFigures } from "./prometheus/process-figures.ts";

export interface TelemetryOptions {
  readonly runtime: ExporterRuntime;
  readonly configuration: StaticConfiguration;
  readonly logger: Logger;
  /** Sluice's. */
  readonly version: string;
}

/** How long the end waits for what is still to be sent, in milliseconds. */
const LAST_WORDS = 5_000;

/** The instrumentation scope of what leaves by OTLP, as in Traefik. */
const SCOPE = "github.com/traefik/traefik";

/**
 * What the control plane does with what data planes count: it has the numbers of all workers at hand, shows
 * them to Prometheus, and sends them elsewhere.
 */
export class Telemetry {
  readonly state = new ProcessState();
  /** What all workers have counted; null where nothing is. For the dashboard: `requests()`, `connections()`. */
  readonly book: MetricsBook | null;
  private readonly options: TelemetryOptions;
  private readonly traces: Outbox | null;

  /** Rejects where files can't be read that the configuration of an exporter names. */
  static async create(options: TelemetryOptions): Promise<Telemetry> {
    const { tracing } = options.configuration;
    const { runtime, logger, version } = options;
    const traces =
      tracing === undefined
        ? null
        : await otlpExporter({
            runtime,
            logger,
            transports: tracing.otlp ?? {},
            signal: "traces",
            name: "traces",
            origin: {
              resource: resourceOf(
                runtime,
                tracing.serviceName,
                { ...tracing.globalAttributes, ...tracing.resourceAttributes },
                version,
              ),
              scope: SCOPE,
              version: "",
            },
          });
    return new Telemetry(options, traces);
  }

  private constructor(options: TelemetryOptions, traces: Outbox | null) {
    this.options = options;
    this.traces = traces;
    const settings = metricsSettings(options.configuration);
    this.book = settings === null ? null : new MetricsBook(settings.bounds);
  }

  /** A data plane has something to tell. */
  receive(worker: number, message: TelemetryMessage): void {
    if ("meters" in message) this.book?.take(worker, message.meters);
    else this.traces?.push(message.spans);
  }

  /** A worker has ended; another one takes its place. */
  workerEnded(worker: number): void {
    this.book?.ended(worker);
  }

  /** A configuration serves. */
  loaded(snapshot: Snapshot, report: ApplyReport): void {
    this.state.loaded(report.certificates);
    const { metrics, entryPoints } = this.options.configuration;
    const owners = configuredOwners(Object.keys(entryPoints), snapshot, report);
    this.state.keepServices((service) => owners.has(`service\n${service}\n`));
    if (this.book === null) return;
    // Where nothing scrapes, what was left of the configuration before has been shown long enough.
    if (metrics?.prometheus === undefined) this.book.sweep();
    this.book.setConfigured(owners);
  }

  checked(verdict: HealthVerdict): void {
    this.state.checkedServer(verdict);
  }

  /** Sends what is still to be sent. Never rejects. */
  async close(): Promise<void> {
    await this.traces?.close(LAST_WORDS);
  }

  /** The answer of `prometheus@internal`, to any path and method. */
  async scrape(): Promise<ControlResponse> {
    const { configuration, runtime } = this.options;
    const options = configuration.metrics?.prometheus;
    if (options === undefined || this.book === null)
      return { status: 404, headers: [], body: "404 page not found\n" };
    const figures = await processFigures(runtime.files);
    const body = exposition(options, this.book, this.state, figures);
    this.book.sweep();
    return { status: 200, headers: [["Content-Type", CONTENT_TYPE]], body };
  }
}
