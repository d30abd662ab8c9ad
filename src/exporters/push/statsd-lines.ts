import { dottedName } from "./sample-names.ts";
import type { Sample } from "./samples.ts";

/**
 * StatsD's lines. It has no labels: what differs by them alone is one. A bucket's durations are one timing, their
 * mean, with the sample rate that makes it as many.
 */
export function statsdLines(prefix: string, deltas: readonly Sample[]): string[] {
  const counters = new Map<string, number>();
  const gauges = new Map<string, number>();
  const durations = new Map<string, { counts: number[]; sums: number[] }>();
  for (const sample of deltas) {
    const name = `${prefix}.${dottedName(sample)}`;
    if (sample.type === "counter") {
      counters.set(name, (counters.get(name) ?? 0) + sample.value);
    } else if (sample.type === "gauge") {
      const before = gauges.get(name);
      // Connections add up; of certificates and servers the worst counts.
      const value = sample.what === "connections" ? (before ?? 0) + sample.value : sample.value;
      gauges.set(
        name,
        sample.what === "connections" || before === undefined ? value : Math.min(before, value),
      );
    } else {
      const all = durations.get(name) ?? {
        counts: sample.counts.map(() => 0),
        sums: sample.sums.map(() => 0),
      };
      durations.set(name, {
        counts: all.counts.map((count, i) => count + sample.counts[i]),
        sums: all.sums.map((sum, i) => sum + sample.sums[i]),
      });
    }
  }
  return [
    ...[...counters].map(([name, value]) => `${name}:${value}|c`),
    ...[...gauges].map(([name, value]) => `${name}:${value}|g`),
    ...[...durations].flatMap(([name, { counts, sums }]) =>
      counts.flatMap((count, i) =>
        count === 0 ? [] : [`${name}:${(sums[i] / count) * 1000}|ms${rate(count)}`],
      ),
    ),
  ];
}

/** DogStatsD's lines: labels are tags, durations histograms in seconds. */
export function datadogLines(prefix: string, deltas: readonly Sample[]): string[] {
  return deltas.flatMap((sample) => {
    const name = `${prefix}.${dottedName(sample)}`;
    const pairs = Object.entries(sample.labels).map(([key, value]) => `${key}:${tag(value)}`);
    const tags = pairs.length === 0 ? "" : `|#${pairs.join(",")}`;
    if (sample.type === "counter") return [`${name}:${sample.value}|c${tags}`];
    if (sample.type === "gauge") return [`${name}:${sample.value}|g${tags}`];
    return sample.counts.flatMap((count, i) =>
      count === 0 ? [] : [`${name}:${sample.sums[i] / count}|h${rate(count)}${tags}`],
    );
  });
}

const rate = (count: number) => (count === 1 ? "" : `|@${1 / count}`);

/** What would end a tag or a line. */
const tag = (value: string) => value.replace(/[,|\n]/g, "_");
