import type { StaticConfiguration } from "../../config/static/schema.ts";

export interface MeteredParts {
  readonly entryPoint: boolean;
  readonly router: boolean;
  readonly service: boolean;
}

/** What workers count. */
export interface MetricsSettings {
  /** Requests to Sluice's own services as well. */
  readonly addInternals: boolean;
  readonly owners: {
    readonly entryPoint: boolean;
    readonly router: boolean;
    readonly service: boolean;
    readonly server: boolean;
  };
  /** Upper bounds of buckets of durations in seconds, ascending: those of all who read them. */
  readonly bounds: readonly number[];
  /** Names of headers, in lower case, whose values are labels. */
  readonly headers: readonly string[];
}

/** What the back ends of metrics and the dashboard need to have counted; null where none wants anything. */
export function metricsSettings(configuration: StaticConfiguration): MetricsSettings | null {
  const { metrics, api } = configuration;
  const live = api?.dashboard === true;
  const parts = meteredParts(configuration);
  const { prometheus, otlp, statsD, datadog, influxDB2 } = metrics ?? {};
  const backEnds = [prometheus, otlp, statsD, datadog, influxDB2];
  if (!live && backEnds.every((one) => one === undefined)) return null;
  // Those that have no bounds of their own are told of means and percentiles.
  const fine = live || [statsD, datadog, influxDB2].some((one) => one !== undefined);
  const bounds = [
    ...(prometheus?.buckets ?? []),
    ...(otlp?.explicitBoundaries ?? []),
    ...(fine ? FINE_BOUNDS : []),
  ];
  return {
    addInternals: metrics?.addInternals === true,
    owners: {
      entryPoint: live || parts.entryPoint,
      router: live || parts.router,
      service: live || parts.service,
      server: live,
    },
    bounds: [...new Set(bounds)].sort((a, b) => a - b),
    headers: Object.values(prometheus?.headerLabels ?? {}).map((name) => name.toLowerCase()),
  };
}

/** Which parts of a request's way some back end of metrics is told of. */
export function meteredParts({ metrics }: StaticConfiguration): MeteredParts {
  const { prometheus, otlp, statsD, datadog, influxDB2 } = metrics ?? {};
  const backEnds = [prometheus, otlp, statsD, datadog, influxDB2];
  return {
    entryPoint: backEnds.some((one) => one?.addEntryPointsLabels === true),
    router: backEnds.some((one) => one?.addRoutersLabels === true),
    service: backEnds.some((one) => one?.addServicesLabels === true),
  };
}

/** For percentiles: each is about 1.5 times the one before. Seconds. */
export const FINE_BOUNDS: readonly number[] = [
  0.0005, 0.001, 0.0015, 0.0025, 0.004, 0.006, 0.01, 0.015, 0.025, 0.04, 0.06, 0.1, 0.15, 0.25, 0.4,
  0.6, 1, 1.5, 2.5, 4, 6, 10, 15, 30, 60,
];
