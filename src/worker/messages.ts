import type { StaticConfiguration } from "../config/static/schema.ts";
import type { LogFields, LogLevel } from "../core/logger.ts";
import type { Pieces } from "../core/pieces.ts";
import type { ControlRequest, ControlResponse } from "../internal/control-request.ts";
import type { Purge } from "../middlewares/http/http-middleware.ts";
import type { ListenOptions } from "../server/data-plane.ts";
import type { HealthVerdict } from "../services/health/health-verdicts.ts";
import type { ScheduledRun } from "../services/http/handler/scheduled-run.ts";
import type { TelemetryMessage } from "../telemetry/telemetry-message.ts";
import type { ChallengeCertificate } from "../tls/challenges/challenge-certificates.ts";

/** Memory that all workers share. */
export interface SharedMemory {
  /** A number for each worker (Int32), which moves while its event loop does. */
  readonly heartbeats: SharedArrayBuffer;
  /** One number (BigInt64): the last request's count in the access log. */
  readonly requests: SharedArrayBuffer;
  /** See `MemoryCounters`. */
  readonly counters: SharedArrayBuffer;
}

/** The first message to a worker. */
export interface Start {
  readonly configuration: StaticConfiguration;
  /** Which worker it is, from 0. */
  readonly index: number;
  readonly workers: number;
  /** The least severe level that is logged. */
  readonly level: LogLevel;
  readonly memory: SharedMemory;
}

/** What the control plane asks of a worker; each is answered. */
export type Order =
  | { readonly order: "start"; readonly start: Start }
  /** See `packSnapshot`. */
  | { readonly order: "apply"; readonly snapshot: Pieces }
  | { readonly order: "listen"; readonly options: ListenOptions }
  | { readonly order: "challenges"; readonly certificates: readonly ChallengeCertificate[] }
  | { readonly order: "scheduled"; readonly run: ScheduledRun }
  | { readonly order: "purge"; readonly middleware: string; readonly purge: Purge }
  | { readonly order: "reopenLogs" }
  | { readonly order: "shutdown" };

/** What a worker is told; it has no answer. */
export type Tell =
  | { readonly tell: "terminating" }
  /** Owners (`ownerKey`) whose numbers nothing reads any more. */
  | { readonly tell: "forget"; readonly owners: readonly string[] }
  | { readonly tell: "health"; readonly verdicts: readonly HealthVerdict[] };

export type ToWorker =
  | (Order & { readonly id: number })
  | Tell
  /** To what a worker asked; an error where there is no response. */
  | { readonly answer: number; readonly response?: ControlResponse; readonly error?: string };

export type FromWorker =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly log: LogLevel; readonly message: string; readonly fields: LogFields }
  | { readonly telemetry: TelemetryMessage }
  /** A name that a client asked for and no certificate has: see `DemandedNames`. */
  | { readonly demand: string }
  /** For standard output. */
  | { readonly output: Uint8Array }
  /** For the control plane to answer. */
  | { readonly ask: number; readonly request: ControlRequest };
