import { influxName } from "./sample-names.ts";
import type { Sample, SampleLabels } from "./samples.ts";

const QUANTILES = [
  ["p50", 0.5],
  ["p90", 0.9],
  ["p95", 0.95],
  ["p99", 0.99],
] as const;

/**
 * InfluxDB's line protocol: counts since the line before, gauges as values, durations as percentiles, each the
 * mean of the bucket that it falls in. `time` in milliseconds since the epoch.
 */
export function influxdb2Lines(
  deltas: readonly Sample[],
  additional: SampleLabels,
  time: number,
): string[] {
  const stamp = `${Math.round(time)}000000`;
  return deltas.map((sample) => {
    const tags = Object.entries({ ...additional, ...sample.labels })
      .filter(([, value]) => value !== "")
      .map(([key, value]) => `,${escaped(key)}=${escaped(value)}`)
      .sort()
      .join("");
    return `traefik.${influxName(sample)}${tags} ${fields(sample)} ${stamp}`;
  });
}

function fields(sample: Sample): string {
  if (sample.type === "counter") return `count=${sample.value}`;
  if (sample.type === "gauge") return `value=${sample.value}`;
  return QUANTILES.map(([name, part]) => `${name}=${quantile(sample, part)}`).join(",");
}

function quantile(
  { counts, sums }: { readonly counts: readonly number[]; readonly sums: readonly number[] },
  part: number,
): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  let below = 0;
  for (let i = 0; i < counts.length; i++) {
    below += counts[i];
    if (below >= part * total && counts[i] > 0) return sums[i] / counts[i];
  }
  return 0;
}

/** In tags. A value's end must not be a backslash. */
const escaped = (text: string) =>
  text
    .replace(/[,= ]/g, "\\$&")
    .replace(/[\n\r]/g, "_")
    .replace(/\\$/, "_");
