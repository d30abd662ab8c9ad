import type { StaticConfiguration } from "../../config/static/schema.ts";
import { textOf } from "../../net/clients/http-client.ts";
import type { Runtime } from "../../net/runtime.ts";
import type { RootLogger } from "../../telemetry/logger.ts";
import type { MetricsBook } from "../../telemetry/metrics/metrics-book.ts";
import { type ExporterRuntime, otlpExporter } from "../otlp/otlp-exporter.ts";
import { resourceOf } from "../otlp/resource.ts";
import { Outbox, Refused } from "../outbox.ts";
import type { ProcessState } from "../process-state.ts";
import { DatagramSender } from "./datagram-sender.ts";
import { influxdb2Lines } from "./influxdb2-lines.ts";
import { otlpMetrics } from "./otlp-metrics.ts";
import { Deltas, type PushLabels, samplesOf } from "./samples.ts";
import { datadogLines, statsdLines } from "./statsd-lines.ts";

export interface MetricsPushOptions {
  readonly runtime: ExporterRuntime & Pick<Runtime, "bindUdp" | "lookup">;
  readonly configuration: StaticConfiguration;
  readonly logger: RootLogger;
  readonly version: string;
  /** OpenTelemetry's instrumentation scope. */
  readonly scope: string;
  readonly book: MetricsBook;
  readonly state: ProcessState;
}

/** A back end that is told of the metrics now and then. */
interface BackEnd {
  /** Milliseconds. */
  readonly interval: number;
  push(): void | Promise<void>;
  close(): void | Promise<void>;
}

const DATAGRAMS = "localhost:8125";
const INFLUXDB = "http://localhost:8086";
const INFLUXDB_TIMEOUT = 10_000;
/** Pushes that wait for InfluxDB: what they count would be lost. */
const MOST_PUSHES = 30;
const MOST_ANSWER = 64 * 1024;
/** How long the end waits for the last push, in milliseconds. */
const LAST_WORDS = 2_000;

/** Tells StatsD, Datadog, InfluxDB 2 and receivers of OTLP, all that are configured, of the metrics. */
export class MetricsPush {
  private readonly backEnds: readonly BackEnd[];
  private readonly timers: ReturnType<typeof setInterval>[];

  /** Begins. Rejects where files of an exporter's TLS can't be read. */
  static async start(options: MetricsPushOptions): Promise<MetricsPush> {
    const { metrics } = options.configuration;
    const made = [
      metrics?.statsD && statsd(metrics.statsD, options),
      metrics?.datadog && datadog(metrics.datadog, options),
      metrics?.influxDB2 && influxdb2(metrics.influxDB2, options),
      metrics?.otlp && (await otlp(metrics.otlp, options)),
    ];
    return new MetricsPush(made.filter((one): one is BackEnd => one !== undefined && one !== null));
  }

  private constructor(backEnds: readonly BackEnd[]) {
    this.backEnds = backEnds;
    this.timers = backEnds.map((backEnd) =>
      setInterval(() => void backEnd.push(), Math.max(1, backEnd.interval)),
    );
  }

  /** Pushes once more. */
  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    await Promise.all(
      this.backEnds.map(async (backEnd) => {
        await backEnd.push();
        await backEnd.close();
      }),
    );
  }
}

type Metrics = NonNullable<StaticConfiguration["metrics"]>;

/** The samples since this was last asked. */
function deltasOf({ book, state }: MetricsPushOptions, labels: PushLabels) {
  const deltas = new Deltas();
  return () => deltas.since(samplesOf(book, state, labels));
}

function statsd(own: NonNullable<Metrics["statsD"]>, options: MetricsPushOptions): BackEnd {
  const address = own.address || DATAGRAMS;
  const sender = new DatagramSender(options.runtime, address, "StatsD", options.logger);
  const deltas = deltasOf(options, own);
  return {
    interval: own.pushInterval,
    push: () => sender.send(statsdLines(own.prefix, deltas())),
    close: () => sender.close(),
  };
}

function datadog(own: NonNullable<Metrics["datadog"]>, options: MetricsPushOptions): BackEnd {
  const { env } = options.runtime;
  const host = env["DD_AGENT_HOST"] ?? "";
  const fromEnvironment = host === "" ? DATAGRAMS : `${host}:${env["DD_DOGSTATSD_PORT"] || 8125}`;
  const address = own.address || fromEnvironment;
  const sender = new DatagramSender(options.runtime, address, "Datadog", options.logger);
  const deltas = deltasOf(options, own);
  return {
    interval: own.pushInterval,
    push: () => sender.send(datadogLines(own.prefix, deltas())),
    close: () => sender.close(),
  };
}

/** Null, and that is said, where it isn't said where and as whom to write, as in Traefik. */
function influxdb2(
  own: NonNullable<Metrics["influxDB2"]>,
  options: MetricsPushOptions,
): BackEnd | null {
  const { token = "", org = "", bucket = "" } = own;
  const { logger, runtime } = options;
  if (token === "" || org === "" || bucket === "") {
    logger.error("metrics.influxDB2: expected token, org and bucket; it is off without them");
    return null;
  }
  const client = runtime.httpClient({});
  const url = new URL(`${(own.address || INFLUXDB).replace(/\/+$/, "")}/api/v2/write`);
  for (const [name, value] of Object.entries({ org, bucket, precision: "ns" }))
    url.searchParams.set(name, value);
  const outbox = new Outbox({
    name: "metrics to InfluxDB",
    mostItems: MOST_PUSHES,
    mostTogether: 1,
    timeout: INFLUXDB_TIMEOUT,
    logger,
    closed: () => client.close(),
    send: async ({ items }, signal) => {
      const response = await client.request({
        method: "POST",
        url: url.href,
        headers: {
          Authorization: `Token ${token}`,
          "Content-Type": "text/plain; charset=utf-8",
        },
        body: items,
        signal,
      });
      const text = await textOf(response, MOST_ANSWER);
      const { status } = response;
      if (status >= 200 && status < 300) return;
      const message = `${url.origin} answered with ${status}: ${text.slice(0, 200)}`;
      throw status === 429 || status >= 500 ? new Error(message) : new Refused(message);
    },
  });
  const deltas = deltasOf(options, own);
  return {
    interval: own.pushInterval,
    push() {
      const lines = influxdb2Lines(deltas(), own.additionalLabels ?? {}, Date.now());
      if (lines.length > 0)
        outbox.push({ items: new TextEncoder().encode(lines.join("\n")), count: 1 });
    },
    close: () => outbox.close(LAST_WORDS),
  };
}

async function otlp(
  own: NonNullable<Metrics["otlp"]>,
  { runtime, logger, version, scope, book, state }: MetricsPushOptions,
): Promise<BackEnd> {
  const outbox = await otlpExporter({
    runtime,
    logger,
    transports: own,
    signal: "metrics",
    name: "metrics",
    origin: {
      resource: resourceOf(runtime, own.serviceName, own.resourceAttributes ?? {}, version),
      scope,
      version: "",
    },
  });
  return {
    interval: own.pushInterval,
    push() {
      // The next push has all that one that waits has.
      if (outbox.waits) return;
      const items = otlpMetrics(samplesOf(book, state, own), {
        bounds: book.bounds,
        wanted: own.explicitBoundaries,
        startedAt: state.startedAt,
        now: Date.now(),
      });
      outbox.push({ items, count: 1 });
    },
    close: () => outbox.close(LAST_WORDS),
  };
}
