import { FieldId } from "../../wire/field-names.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import type { AttributeValue } from "../otlp/attributes.ts";
import { BatchWriter, type ItemBatch } from "../otlp/item-batch.ts";
import { writeLogRecord } from "../otlp/log-record.ts";
import type { AccessLogFields } from "./access-log-fields.ts";
import type { AccessLogRecord } from "./access-log-record.ts";
import {
  ACCESS_LOG_FIELDS,
  canonicalName,
  ENTRY_POINT_NAME,
  type FieldValue,
} from "./access-log-values.ts";

/** OpenTelemetry's number of INFO. */
const INFO = 9;
/** Records in one batch, and how long one waits, in milliseconds. */
const BATCH = 512;
const DELAY = 1000;

/**
 * The access log's lines as OpenTelemetry's records: the line is the body, its fields are attributes. Source:
 * Traefik's pkg/middlewares/accesslog/logger.go.
 */
export class AccessLogRecords {
  private readonly fields: AccessLogFields;
  private readonly values: readonly (readonly [name: string, value: FieldValue])[];
  private readonly batches: BatchWriter;

  constructor(fields: AccessLogFields, hand: (batch: ItemBatch) => void, delay = DELAY) {
    this.fields = fields;
    const all = { ...ACCESS_LOG_FIELDS, entryPointName: ENTRY_POINT_NAME };
    this.values = Object.entries(all).filter(([name]) => fields.keep(name));
    this.batches = new BatchWriter(hand, BATCH, delay);
  }

  /** `line` without its end. */
  add(record: AccessLogRecord, line: string): void {
    const { trace } = record.exchange;
    writeLogRecord(this.batches.writer, {
      time: record.startedAt + record.duration,
      severity: INFO,
      severityText: "INFO",
      body: line,
      trace,
      attributes: this.attributes(record),
    });
    this.batches.added();
  }

  private *attributes(record: AccessLogRecord): Generator<readonly [string, AttributeValue]> {
    for (const [name, value] of this.values) {
      const found = value(record, this.fields);
      if (found !== undefined) yield [name, found];
    }
    if (!this.fields.anyHeader) return;
    const { requestHeaders, originHeaders, responseHeaders } = record.exchange;
    yield* this.headers("request_", requestHeaders);
    yield* this.headers("origin_", originHeaders);
    yield* this.headers("downstream_", responseHeaders);
  }

  private *headers(
    prefix: string,
    list: HeaderList | null,
  ): Generator<readonly [string, AttributeValue]> {
    const values = new Map<string, string>();
    for (let i = 0, slots = list?.slots ?? 0; i < slots; i++) {
      const id = list!.idAt(i);
      if (id === FieldId.deleted || id === FieldId.host || id === FieldId.transferEncoding)
        continue;
      const name = canonicalName(list!.nameAt(i));
      const before = values.get(name);
      const value = list!.valueAt(i);
      values.set(name, before === undefined ? value : `${before},${value}`);
    }
    for (const [name, value] of values) {
      const mode = this.fields.header(name);
      if (mode !== "drop") yield [prefix + name, mode === "redact" ? "REDACTED" : value];
    }
  }

  flush(): void {
    this.batches.flush();
  }
}
