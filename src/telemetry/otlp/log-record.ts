import { type AttributeValue, nanosecondsOf, writeAttribute, writeValue } from "./attributes.ts";
import type { ProtobufWriter } from "./protobuf-writer.ts";

/** Fields of opentelemetry.proto.logs.v1 LogRecord, and of ScopeLogs. */
const LOG_RECORDS = 2;
const TIME = 1;
const SEVERITY_NUMBER = 2;
const SEVERITY_TEXT = 3;
const BODY = 5;
const ATTRIBUTES = 6;
const FLAGS = 8;
const TRACE_ID = 9;
const SPAN_ID = 10;
const OBSERVED_TIME = 11;
const SAMPLED = 1;

export interface LogRecord {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** OpenTelemetry's number: INFO is 9. */
  readonly severity: number;
  readonly severityText: string;
  readonly body: string;
  readonly trace?: { readonly traceId: string; readonly spanId: string } | null;
  readonly attributes: Iterable<readonly [name: string, value: AttributeValue]>;
}

/** Writes a record as an item of ScopeLogs. */
export function writeLogRecord(writer: ProtobufWriter, record: LogRecord): void {
  const item = writer.open(LOG_RECORDS);
  const time = nanosecondsOf(record.time);
  writer.fixed64(TIME, time);
  writer.integer(SEVERITY_NUMBER, record.severity);
  writer.text(SEVERITY_TEXT, record.severityText);
  writeValue(writer, BODY, record.body);
  for (const [name, value] of record.attributes) writeAttribute(writer, ATTRIBUTES, name, value);
  if (record.trace !== null && record.trace !== undefined) {
    writer.fixed32(FLAGS, SAMPLED);
    writer.hex(TRACE_ID, record.trace.traceId);
    writer.hex(SPAN_ID, record.trace.spanId);
  }
  writer.fixed64(OBSERVED_TIME, time);
  writer.end(item);
}
