import type { ResolverState } from "../acme/resolver/resolver-state.ts";
import type { StaticConfiguration } from "../config/static/schema.ts";
import type { ControlResponse } from "../internal/control-request.ts";
import type { FunctionStates } from "../isolation/supervisor.ts";
import type { Runtime } from "../net/runtime.ts";
import type { ApplyReport } from "../server/data-plane.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import type { RootLogger } from "../telemetry/logger.ts";
import { MetricsBook } from "../telemetry/metrics/metrics-book.ts";
import { metricsSettings } from "../telemetry/metrics/metrics-settings.ts";
import type { TelemetryMessage } from "../telemetry/telemetry-message.ts";
import { configuredOwners } from "./configured-owners.ts";
import { LogRecords } from "./log-records.ts";
import { type ExporterRuntime, type OtlpTransports, otlpExporter } from "./otlp/otlp-exporter.ts";
import type { Signal } from "./otlp/otlp-request.ts";
import { resourceOf } from "./otlp/resource.ts";
import type { Outbox } from "./outbox.ts";
import { ProcessState } from "./process-state.ts";
import { CONTENT_TYPE, exposition } from "./prometheus/exposition.ts";
import { processFigures } from "./prometheus/process-figures.ts";
import { MetricsPush } from "./push/metrics-push.ts";

export interface TelemetryOptions {
  readonly runtime: ExporterRuntime & Pick<Runtime, "bindUdp" | "lookup">;
  readonly configuration: StaticConfiguration;
  readonly logger: RootLogger;
  /** Sluice's. */
  readonly version: string;
  /** Metrics are pushed to where they are configured to go. */
  readonly push: boolean;
}

interface OtlpSource extends OtlpTransports {
  readonly serviceName: string;
  readonly resourceAttributes?: Readonly<Record<string, string>>;
}

/** What leaves by OTLP; null for what doesn't. */
interface Outboxes {
  readonly traces: Outbox | null;
  readonly accessLog: Outbox | null;
  readonly log: Outbox | null;
}

/** How long the end waits for what is still to be sent, in milliseconds. */
const LAST_WORDS = 5_000;

/** The instrumentation scope of what leaves by OTLP, as in Traefik. */
const SCOPE = "github.com/traefik/traefik";
const LOG_SCOPE = "traefik";

/**
 * What the control plane does with what data planes count: it has the numbers of all workers at hand, shows
 * them to Prometheus, and sends them elsewhere.
 */
export class Telemetry {
  readonly state = new ProcessState();
  /** What all workers have counted; null where nothing is. For the dashboard: `requests()`, `connections()`. */
  readonly book: MetricsBook | null;
  /** What certificate resolvers have, and what they don't get. */
  resolvers: () => readonly ResolverState[] = () => [];
  private readonly options: TelemetryOptions;
  private readonly outboxes: Outboxes;
  private push: MetricsPush | undefined;
  private readonly logRecords: LogRecords | null;

  /** Rejects where files can't be read that the configuration of an exporter names. */
  static async create(options: TelemetryOptions): Promise<Telemetry> {
    const { tracing, accessLog, log } = options.configuration;
    const open = (signal: Signal, name: string, scope: string, from: OtlpSource | undefined) =>
      from === undefined
        ? null
        : otlpExporter({
            runtime: options.runtime,
            logger: options.logger,
            transports: from,
            signal,
            name,
            origin: {
              resource: resourceOf(
                options.runtime,
                from.serviceName,
                from.resourceAttributes ?? {},
                options.version,
              ),
              scope,
              version: "",
            },
          });
    const traces = tracing && {
      ...tracing.otlp,
      serviceName: tracing.serviceName,
      resourceAttributes: { ...tracing.globalAttributes, ...tracing.resourceAttributes },
    };
    const telemetry = new Telemetry(options, {
      traces: await open("traces", "traces", SCOPE, traces),
      accessLog: await open("logs", "the access log", LOG_SCOPE, accessLog?.otlp),
      log: await open("logs", "the log", LOG_SCOPE, log.otlp),
    });
    const { book, state } = telemetry;
    if (options.push && book !== null)
      telemetry.push = await MetricsPush.start({ ...options, scope: SCOPE, book, state });
    return telemetry;
  }

  private constructor(options: TelemetryOptions, outboxes: Outboxes) {
    this.options = options;
    this.outboxes = outboxes;
    const { log } = outboxes;
    this.logRecords = log === null ? null : new LogRecords((batch) => log.push(batch));
    if (this.logRecords !== null) options.logger.forward(this.logRecords.add);
    const settings = metricsSettings(options.configuration);
    this.book = settings === null ? null : new MetricsBook(settings.bounds);
  }

  /** A data plane has something to tell. */
  receive(worker: number, message: TelemetryMessage): void {
    if ("meters" in message) this.book?.take(worker, message.meters);
    else if ("spans" in message) this.outboxes.traces?.push(message.spans);
    else this.outboxes.accessLog?.push(message.lines);
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
    await this.push?.close();
    this.logRecords?.flush();
    const { traces, accessLog, log } = this.outboxes;
    await Promise.all([traces, accessLog, log].map((outbox) => outbox?.close(LAST_WORDS)));
  }

  /** The answer of `prometheus@internal`, to any path and method. */
  async scrape(instances: FunctionStates): Promise<ControlResponse> {
    const { configuration, runtime } = this.options;
    const options = configuration.metrics?.prometheus;
    if (options === undefined || this.book === null)
      return { status: 404, headers: [], body: "404 page not found\n" };
    const figures = await processFigures(runtime.files);
    const body = exposition(options, this.book, this.state, figures, this.resolvers(), instances);
    this.book.sweep();
    return { status: 200, headers: [["Content-Type", CONTENT_TYPE]], body };
  }
}
