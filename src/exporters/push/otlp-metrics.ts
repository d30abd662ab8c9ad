import { nanosecondsOf, writeAttribute } from "../../telemetry/otlp/attributes.ts";
import { ProtobufWriter } from "../../telemetry/otlp/protobuf-writer.ts";
import { mergedCounts } from "../merged-counts.ts";
import { prometheusName } from "./sample-names.ts";
import type { Sample, SampleLabels } from "./samples.ts";

/** Fields of opentelemetry.proto.metrics.v1: of ScopeMetrics, Metric, Sum, NumberDataPoint, HistogramDataPoint. */
const METRICS = 2;
const NAME = 1;
const UNIT = 3;
const GAUGE = 5;
const SUM = 7;
const HISTOGRAM = 9;
const POINTS = 1;
const TEMPORALITY = 2;
const MONOTONIC = 3;
const CUMULATIVE = 2;
const NUMBER_ATTRIBUTES = 7;
const START = 2;
const TIME = 3;
const AS_DOUBLE = 4;
const HISTOGRAM_ATTRIBUTES = 9;
const COUNT = 4;
const SUM_OF_VALUES = 5;
const BUCKET_COUNTS = 6;
const BOUNDS = 7;

export interface OtlpMetricsOptions {
  /** Upper bounds that the samples' counts have, and those that are to be told, which are among them. */
  readonly bounds: readonly number[];
  readonly wanted: readonly number[];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly now: number;
}

/** The samples as items of ScopeMetrics: sums since the start, histograms, gauges. */
export function otlpMetrics(samples: readonly Sample[], options: OtlpMetricsOptions): Uint8Array {
  const writer = new ProtobufWriter();
  const byName = new Map<string, Sample[]>();
  const add = (name: string, sample: Sample) => {
    const list = byName.get(name);
    if (list === undefined) byName.set(name, [sample]);
    else list.push(sample);
  };
  for (const sample of samples) {
    add(prometheusName(sample), sample);
    const semantic = semanticDuration(sample);
    if (semantic !== null) add(...semantic);
  }
  for (const [name, all] of byName) writeMetric(writer, name, all, options);
  return writer.take();
}

/** Durations again under OpenTelemetry's own names. */
function semanticDuration(sample: Sample): [name: string, sample: Sample] | null {
  if (sample.what !== "duration" || sample.owner === "router") return null;
  const { code, method } = sample.labels;
  const labels: SampleLabels = {
    "http.request.method": method === "EXTENSION_METHOD" ? "_OTHER" : method,
    "http.response.status_code": code,
    ...(sample.owner === "entrypoint"
      ? { "traefik.entrypoint.name": sample.labels["entrypoint"] }
      : { "traefik.service.name": sample.labels["service"] }),
    ...(Number(code) >= 400 && { "error.type": code }),
  };
  const side = sample.owner === "entrypoint" ? "server" : "client";
  return [`http.${side}.request.duration`, { ...sample, labels }];
}

function writeMetric(
  writer: ProtobufWriter,
  name: string,
  samples: readonly Sample[],
  options: OtlpMetricsOptions,
): void {
  const [{ type }] = samples;
  writer.message(METRICS, () => {
    writer.text(NAME, name);
    writer.text(UNIT, type === "histogram" ? "s" : "1");
    writer.message(type === "gauge" ? GAUGE : type === "counter" ? SUM : HISTOGRAM, () => {
      for (const sample of samples)
        writer.message(POINTS, () => writePoint(writer, sample, options));
      if (type !== "gauge") writer.integer(TEMPORALITY, CUMULATIVE);
      if (type === "counter") writer.integer(MONOTONIC, 1);
    });
  });
}

function writePoint(
  writer: ProtobufWriter,
  sample: Sample,
  { bounds, wanted, startedAt, now }: OtlpMetricsOptions,
): void {
  const attributes = sample.type === "histogram" ? HISTOGRAM_ATTRIBUTES : NUMBER_ATTRIBUTES;
  for (const [key, value] of Object.entries(sample.labels)) {
    const number = key === "http.response.status_code";
    writeAttribute(writer, attributes, key, number ? Number(value) : value);
  }
  writer.fixed64(START, nanosecondsOf(startedAt));
  writer.fixed64(TIME, nanosecondsOf(now));
  if (sample.type !== "histogram") {
    writer.double(AS_DOUBLE, sample.value);
    return;
  }
  const counts = mergedCounts(sample.counts, bounds, wanted);
  writer.fixed64(COUNT, BigInt(counts.reduce((sum, count) => sum + count, 0)));
  writer.double(
    SUM_OF_VALUES,
    sample.sums.reduce((sum, value) => sum + value, 0),
  );
  writer.message(BUCKET_COUNTS, () => {
    for (const count of counts) writer.bare64(BigInt(count));
  });
  writer.message(BOUNDS, () => {
    for (const bound of wanted) writer.bareDouble(bound);
  });
}
