import type { StaticConfiguration } from "../config/static/schema.ts";
import type { ControlResponse } from "../internal/control-request.ts";
import type { Runtime } from "../net/runtime.ts";
import type { ApplyReport } from "../server/data-plane.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { MetricsBook } from "../telemetry/metrics/metrics-book.ts";
import { metricsSettings } from "../telemetry/metrics/metrics-settings.ts";
import type { TelemetryMessage } from "../telemetry/telemetry-message.ts";
import { configuredOwners } from "./configured-owners.ts";
import { ProcessState } from "./process-state.ts";
import { CONTENT_TYPE, exposition } from "./prometheus/exposition.ts";
import { processFigures } from "./prometheus/process-figures.ts";

export interface TelemetryOptions {
  readonly runtime: Pick<Runtime, "files">;
  readonly configuration: StaticConfiguration;
}

/**
 * What the control plane does with what data planes count: it has the numbers of all workers at hand, shows
 * them to Prometheus, and sends them elsewhere.
 */
export class Telemetry {
  readonly state = new ProcessState();
  /** What all workers have counted; null where nothing is. For the dashboard: `requests()`, `connections()`. */
  readonly book: MetricsBook | null;
  private readonly options: TelemetryOptions;

  constructor(options: TelemetryOptions) {
    this.options = options;
    const settings = metricsSettings(options.configuration);
    this.book = settings === null ? null : new MetricsBook(settings.bounds);
  }

  /** A data plane has something to tell. */
  receive(worker: number, message: TelemetryMessage): void {
    this.book?.take(worker, message.meters);
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
