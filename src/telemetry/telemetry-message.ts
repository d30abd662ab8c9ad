import type { MeterNews } from "./metrics/series.ts";
import type { ItemBatch } from "./otlp/item-batch.ts";

/** What a data plane hands to the control plane to be read or sent from there. */
export type TelemetryMessage =
  | { readonly meters: MeterNews }
  /** Items of ScopeSpans. */
  | { readonly spans: ItemBatch }
  /** Items of ScopeLogs: lines of the access log. */
  | { readonly lines: ItemBatch };

export type TellTelemetry = (message: TelemetryMessage) => void;
