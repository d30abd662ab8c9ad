import type { MeterNews } from "./metrics/series.ts";

/** What a data plane hands to the control plane to be read or sent from there. */
export type TelemetryMessage = { readonly meters: MeterNews };

export type TellTelemetry = (message: TelemetryMessage) => void;
