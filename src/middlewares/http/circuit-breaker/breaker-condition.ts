import { compileExpression } from "../expression.ts";
import { LATENCY_BUCKETS, latencyOf } from "./latency-buckets.ts";

/** What a condition asks the latest answers. */
export interface BreakerReadings {
  /** Of the count of that number among `BreakerCondition.counts`, in the last ten seconds. */
  count(index: number): number;
  /** Answers of that latency bucket in the last minute. */
  latencies(bucket: number): number;
}

export interface BreakerCondition {
  /** Which answers to count, by their status. */
  readonly counts: readonly ((status: number) => boolean)[];
  readonly usesLatency: boolean;
  readonly holds: (readings: BreakerReadings) => boolean;
}

const isNetworkError = (status: number) => status === 502 || status === 504;
const isAnswer = () => true;

/**
 * Compiles `circuitBreaker.expression`. Throws an Error that says what is wrong.
 * Source: oxy's cbreaker/predicates.go and memmetrics.
 */
export function breakerCondition(expression: string): BreakerCondition {
  const counts: ((status: number) => boolean)[] = [];
  let usesLatency = false;
  /** One count over another, 0 while there is nothing. */
  const ratio = (part: (status: number) => boolean, whole: (status: number) => boolean) => {
    const first = counts.push(part, whole) - 2;
    return (readings: BreakerReadings) => {
      const all = readings.count(first + 1);
      return all === 0 ? 0 : readings.count(first) / all;
    };
  };
  const holds = compileExpression<BreakerReadings>(expression, {
    NetworkErrorRatio: {
      parameters: [],
      returns: "number",
      call: () => ratio(isNetworkError, isAnswer),
    },
    ResponseCodeRatio: {
      parameters: ["number", "number", "number", "number"],
      returns: "number",
      call: (from: number, to: number, allFrom: number, allTo: number) =>
        ratio(
          (status) => status >= from && status < to,
          (status) => status >= allFrom && status < allTo,
        ),
    },
    LatencyAtQuantileMS: {
      parameters: ["number"],
      returns: "number",
      call: (quantile: number) => {
        usesLatency = true;
        return (readings: BreakerReadings) => latencyAt(quantile, readings);
      },
    },
  });
  return { counts, usesLatency, holds };
}

function latencyAt(quantile: number, readings: BreakerReadings): number {
  let total = 0;
  for (let i = 0; i < LATENCY_BUCKETS; i++) total += readings.latencies(i);
  if (total === 0) return 0;
  const wanted = Math.max(1, Math.floor((Math.min(quantile, 100) / 100) * total + 0.5));
  let seen = 0;
  for (let i = 0; i < LATENCY_BUCKETS; i++) {
    seen += readings.latencies(i);
    if (seen >= wanted) return latencyOf(i);
  }
  return latencyOf(LATENCY_BUCKETS - 1);
}
