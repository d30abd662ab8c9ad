import type { LogLevel } from "../core/logger.ts";
import type { LogEntry } from "../telemetry/logger.ts";
import type { AttributeValue } from "../telemetry/otlp/attributes.ts";
import { BatchWriter, type ItemBatch } from "../telemetry/otlp/item-batch.ts";
import { writeLogRecord } from "../telemetry/otlp/log-record.ts";

/** OpenTelemetry's numbers. */
const SEVERITIES: Readonly<Record<LogLevel, number>> = {
  trace: 1,
  debug: 5,
  info: 9,
  warn: 13,
  error: 17,
  fatal: 21,
  panic: 24,
};

const BATCH = 512;
/** How long an entry waits, in milliseconds. */
const DELAY = 1000;

/** The program's own log as OpenTelemetry's records, in batches. */
export class LogRecords {
  private readonly batches: BatchWriter;

  constructor(hand: (batch: ItemBatch) => void) {
    this.batches = new BatchWriter(hand, BATCH, DELAY);
  }

  readonly add = ({ level, at, message, fields }: LogEntry): void => {
    writeLogRecord(this.batches.writer, {
      time: at,
      severity: SEVERITIES[level],
      severityText: level.toUpperCase(),
      body: message,
      attributes: fields.map(([name, value]) => [name, attributeOf(value)] as const),
    });
    this.batches.added();
  };

  flush(): void {
    this.batches.flush();
  }
}

function attributeOf(value: unknown): AttributeValue {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
    return value;
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return String(value);
  }
}
