// Generated from OpenTelemetry's published schemas; its own types say nothing.
import root from "@opentelemetry/otlp-transformer/build/src/generated/root.js";

// biome-ignore lint/suspicious/noExplicitAny: whatever a message has.
export type Decoded = any;

export interface MessageType {
  decode(bytes: Uint8Array): Decoded;
}

interface Collector {
  readonly v1: Readonly<Record<string, MessageType>>;
}

interface Schemas {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: Readonly<Record<"trace" | "metrics" | "logs", Collector>>;
      readonly resource: { readonly v1: { readonly Resource: MessageType } };
    };
  };
}

const { collector, resource } = (root as unknown as Schemas).opentelemetry.proto;

/** What exporters send, and the resource in it. */
export const OTLP_TYPES = {
  traces: collector.trace.v1["ExportTraceServiceRequest"],
  metrics: collector.metrics.v1["ExportMetricsServiceRequest"],
  logs: collector.logs.v1["ExportLogsServiceRequest"],
  resource: resource.v1.Resource,
} as const;
