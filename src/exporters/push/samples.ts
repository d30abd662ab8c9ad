import { type MetricsBook, requestFigures } from "../../telemetry/metrics/metrics-book.ts";
import { labelsOfKind } from "../../telemetry/metrics/request-kind.ts";
import type { MeterOwner } from "../../telemetry/metrics/series.ts";
import { OWNER_NAMES } from "../owner-names.ts";
import type { ProcessState } from "../process-state.ts";

export type SampleLabels = Readonly<Record<string, string>>;

/** What a back end is told of, as numbers since the start. */
export type Sample = {
  readonly owner: "entrypoint" | "router" | "service" | null;
  readonly labels: SampleLabels;
} & (
  | {
      readonly what: "requests" | "tls" | "requestBytes" | "responseBytes" | "retries" | "reloads";
      readonly type: "counter";
      readonly value: number;
    }
  | {
      readonly what: "lastReload" | "connections" | "certificate" | "serverUp";
      readonly type: "gauge";
      readonly value: number;
    }
  | {
      readonly what: "duration";
      readonly type: "histogram";
      /** Of each bucket alone, the last without a bound. */
      readonly counts: readonly number[];
      /** Seconds, of each bucket alone. */
      readonly sums: readonly number[];
    }
);

/** Whose requests a back end is told of. */
export interface PushLabels {
  readonly addEntryPointsLabels: boolean;
  readonly addRoutersLabels: boolean;
  readonly addServicesLabels: boolean;
}

/** Everything that there is to tell now. */
export function samplesOf(book: MetricsBook, state: ProcessState, labels: PushLabels): Sample[] {
  const wanted = {
    entryPoint: labels.addEntryPointsLabels,
    router: labels.addRoutersLabels,
    service: labels.addServicesLabels,
    server: false,
  };
  const samples: Sample[] = [];
  for (const { series, numbers } of book.read()) {
    const own = ownerLabels(series.owner);
    const owner = OWNER_NAMES[series.owner.kind];
    if (series.figure === "connections") {
      const of = { ...own, protocol: "TCP" };
      samples.push({
        owner: null,
        what: "connections",
        type: "gauge",
        labels: of,
        value: numbers[0],
      });
      continue;
    }
    if (!wanted[series.owner.kind] || series.figure === "labelled") continue;
    const counter = (
      what: "requests" | "tls" | "requestBytes" | "responseBytes" | "retries",
      of: SampleLabels,
      value: number,
    ) => samples.push({ owner, what, type: "counter", labels: of, value });
    if (series.figure === "retries") counter("retries", own, numbers[0]);
    else if (series.figure === "tls") {
      const { version, cipher } = series;
      counter("tls", { ...own, tls_version: version, tls_cipher: cipher }, numbers[0]);
    } else {
      const of = { ...own, ...labelsOfKind(series.kind) };
      const figures = requestFigures(series.owner, series.kind, numbers);
      counter("requests", of, figures.count);
      counter("requestBytes", of, figures.requestBytes);
      counter("responseBytes", of, figures.responseBytes);
      const { counts, sums } = figures;
      samples.push({ owner, what: "duration", type: "histogram", labels: of, counts, sums });
    }
  }
  samples.push(...stateSamples(state));
  return samples;
}

function ownerLabels(owner: MeterOwner): SampleLabels {
  if (owner.kind === "entryPoint") return { entrypoint: owner.name };
  if (owner.kind === "router") return { router: owner.name, service: owner.service };
  return { service: owner.name };
}

function stateSamples(state: ProcessState): Sample[] {
  const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000);
  const gauge = (
    what: "lastReload" | "certificate" | "serverUp",
    labels: SampleLabels,
    value: number,
  ): Sample => ({ owner: null, what, type: "gauge", labels, value });
  return [
    { owner: null, what: "reloads", type: "counter", labels: {}, value: state.reloads },
    gauge("lastReload", {}, seconds(state.lastReload)),
    ...state.certificates.map(({ cn, serial, sans, notAfter }) =>
      gauge("certificate", { cn, serial, sans: [...sans].sort().join(",") }, seconds(notAfter)),
    ),
    ...state.servers.map(({ service, url, up }) => gauge("serverUp", { service, url }, up ? 1 : 0)),
  ];
}

/** The samples of a time since the one before: what counts, counts from there. */
export class Deltas {
  private before = new Map<string, readonly number[]>();

  /** Counters and histograms without anything new are left out. */
  since(samples: readonly Sample[]): Sample[] {
    const before = this.before;
    this.before = new Map();
    return samples.flatMap((sample): Sample[] => {
      if (sample.type === "gauge") return [sample];
      const key = JSON.stringify([sample.owner, sample.what, sample.labels]);
      const numbers =
        sample.type === "counter" ? [sample.value] : [...sample.counts, ...sample.sums];
      const last = before.get(key);
      this.before.set(key, numbers);
      // A router that went and came back counts from nothing.
      const anew = last?.some((value, i) => value > numbers[i] + 1e-9) === true;
      const delta = (value: number, i: number) =>
        last === undefined || anew ? value : value - last[i];
      if (sample.type === "counter") {
        const value = delta(sample.value, 0);
        return value === 0 ? [] : [{ ...sample, value }];
      }
      const counts = sample.counts.map(delta);
      if (counts.every((count) => count === 0)) return [];
      const sums = sample.sums.map((sum, i) => delta(sum, counts.length + i));
      return [{ ...sample, counts, sums }];
    });
  }
}
