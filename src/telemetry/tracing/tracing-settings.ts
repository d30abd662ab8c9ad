import type { StaticConfiguration } from "../../config/static/schema.ts";
import { type Propagator, propagatorsOf } from "./propagators.ts";

/** What is recorded of requests. */
export interface TracingSettings {
  readonly addInternals: boolean;
  /** From 0 to 1: of requests that no other program has decided about. */
  readonly sampleRate: number;
  readonly propagators: readonly Propagator[];
  /** Names of headers in lower case. */
  readonly requestHeaders: readonly string[];
  readonly responseHeaders: readonly string[];
  readonly safeQueryParams: ReadonlySet<string>;
  /** Spans in one batch at the most, and how long one waits, in milliseconds. */
  readonly batch: number;
  readonly delay: number;
}

/** The environment: OTEL_BSP_SCHEDULE_DELAY and OTEL_BSP_MAX_EXPORT_BATCH_SIZE have OpenTelemetry's defaults. */
const DELAY = 5000;
const BATCH = 512;

/** Null where tracing is off. Throws where OTEL_PROPAGATORS names what there isn't. */
export function tracingSettings(
  { tracing }: StaticConfiguration,
  env: Readonly<Record<string, string | undefined>>,
): TracingSettings | null {
  if (tracing === undefined) return null;
  const lower = (names: readonly string[] = []) => names.map((name) => name.toLowerCase());
  return {
    addInternals: tracing.addInternals,
    sampleRate: tracing.sampleRate,
    propagators: propagatorsOf(env["OTEL_PROPAGATORS"]),
    // As in Traefik: it has an attribute of its own.
    requestHeaders: lower(tracing.capturedRequestHeaders).filter((name) => name !== "user-agent"),
    responseHeaders: lower(tracing.capturedResponseHeaders),
    safeQueryParams: new Set(tracing.safeQueryParams),
    batch: positive(env["OTEL_BSP_MAX_EXPORT_BATCH_SIZE"], BATCH),
    delay: positive(env["OTEL_BSP_SCHEDULE_DELAY"], DELAY),
  };
}

function positive(text: string | undefined, otherwise: number): number {
  return text !== undefined && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : otherwise;
}
