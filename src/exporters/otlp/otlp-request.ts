import { type Attributes, writeAttributes } from "../../telemetry/otlp/attributes.ts";
import { ProtobufWriter } from "../../telemetry/otlp/protobuf-writer.ts";

/** OTLP's three kinds of data. */
export const SIGNALS = {
  traces: {
    path: "/v1/traces",
    rpc: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
  },
  metrics: {
    path: "/v1/metrics",
    rpc: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
  },
  logs: { path: "/v1/logs", rpc: "/opentelemetry.proto.collector.logs.v1.LogsService/Export" },
} as const;

export type Signal = keyof typeof SIGNALS;

/** The fields, with the same numbers in the requests of all three: ResourceSpans and the like, and what is in them. */
const RESOURCE_ITEMS = 1;
const RESOURCE = 1;
const ATTRIBUTES = 1;
const SCOPE_ITEMS = 2;
const SCOPE = 1;
const NAME = 1;
const VERSION = 2;

/** Who says it: everything in one request is of one resource and one scope. */
export interface Origin {
  readonly resource: Attributes;
  readonly scope: string;
  readonly version: string;
}

/** An Export…ServiceRequest with these items, each of which is a field of ScopeSpans, ScopeMetrics or ScopeLogs. */
export function otlpRequest({ resource, scope, version }: Origin, items: Uint8Array): Uint8Array {
  const writer = new ProtobufWriter();
  writer.message(RESOURCE_ITEMS, () => {
    writer.message(RESOURCE, () => writeAttributes(writer, ATTRIBUTES, resource));
    writer.message(SCOPE_ITEMS, () => {
      writer.message(SCOPE, () => {
        writer.text(NAME, scope);
        if (version !== "") writer.text(VERSION, version);
      });
      writer.append(items);
    });
  });
  return writer.take();
}
