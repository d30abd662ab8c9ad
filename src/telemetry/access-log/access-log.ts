import { ownNumbers } from "../../core/counters/shared-numbers.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { Middleware } from "../../http/handler.ts";
import { LazyRequest } from "../../http/lazy/lazy-request.ts";
import type { AppendFile } from "../../net/runtime.ts";
import { FieldId } from "../../wire/field-names.ts";
import type { Observer } from "../observer.ts";
import type { ItemBatch } from "../otlp/item-batch.ts";
import { CommonFormat } from "./access-log-common.ts";
import { AccessLogFields, type AccessLogOptions } from "./access-log-fields.ts";
import { JsonFormat } from "./access-log-json.ts";
import { AccessLogRecord } from "./access-log-record.ts";
import { AccessLogRecords } from "./access-log-records.ts";
import { LineBuffer } from "./line-buffer.ts";

/** Bytes at which waiting lines are written whatever their number. */
const FULL = 64 * 1024;
/** Milliseconds that a line waits at the most with `bufferingSize`. */
const BUFFERED_TICK = 100;

interface Format {
  write(buffer: LineBuffer, record: AccessLogRecord): void;
}

/**
 * Traefik's access log. With `bufferingSize`, lines are written together: up to so many of them or
 * a tenth of a second's. Without, each is in the file before its response has ended for the client.
 * The file is the caller's to open and to close.
 */
export class AccessLog {
  private readonly format: Format;
  private readonly filter: Filter;
  private readonly bufferingSize: number;
  private readonly buffer = new LineBuffer();
  private readonly record = new AccessLogRecord();
  private sink: AppendFile;
  private readonly nextCount: () => number;
  private lines = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private readonly records: AccessLogRecords | null;
  private readonly toFile: boolean;

  /**
   * `nextCount` gives each request its RequestCount. `hand` gets the lines of `otlp`; the file then has
   * them only with `dualOutput`. Throws Error where a filter's status code or the format is none.
   */
  constructor(
    options: AccessLogOptions,
    sink: AppendFile,
    nextCount = ownNumbers(),
    hand: ((batch: ItemBatch) => void) | null = null,
  ) {
    this.nextCount = nextCount;
    this.toFile = hand === null || options.dualOutput === true;
    const fields = new AccessLogFields(options.fields);
    this.format = formatOf(options.format ?? "common", fields);
    this.records = hand === null ? null : new AccessLogRecords(fields, hand);
    this.filter = new Filter(options.filters);
    this.bufferingSize = options.bufferingSize ?? 0;
    this.sink = sink;
  }

  /** Notes what the log tells of a request's beginning. */
  begin(request: LazyRequest, exchange: Exchange): void {
    const list = request.headerList;
    exchange.requestCount = this.nextCount();
    exchange.requestHeaders = list;
    const slot = list.findId(FieldId.xForwardedFor);
    if (slot >= 0) exchange.forwardedFor = list.valueAt(slot);
  }

  /** Writes an exchange's line, now that it has ended. */
  log(exchange: Exchange): void {
    const { record, buffer } = this;
    record.set(exchange);
    if (!this.filter.keeps(record)) return;
    const start = buffer.length;
    this.format.write(buffer, record);
    if (this.records !== null) {
      this.records.add(record, buffer.textFrom(start, buffer.length - 1));
      if (!this.toFile) {
        buffer.length = start;
        return;
      }
    }
    if (this.bufferingSize === 0) buffer.writeNow(this.sink);
    else if (++this.lines >= this.bufferingSize || buffer.length >= FULL) this.write();
    else this.timer ??= setTimeout(this.expired, BUFFERED_TICK);
  }

  private readonly expired = (): void => {
    this.timer = undefined;
    this.write();
  };

  private write(): void {
    this.lines = 0;
    if (this.buffer.length > 0) this.buffer.writeNow(this.sink);
  }

  /** Writes to `file` from now on, and returns the one before it, for the caller to close. */
  reopen(file: AppendFile): AppendFile {
    this.write();
    const before = this.sink;
    this.sink = file;
    return before;
  }

  /** Resolves when every line so far has been handed to the system. */
  async flush(): Promise<void> {
    this.write();
    await this.sink.flush();
  }

  /** `flush`, and no timer is left behind. */
  async close(): Promise<void> {
    this.records?.flush();
    clearTimeout(this.timer);
    this.timer = undefined;
    await this.flush();
  }
}

function formatOf(format: string, fields: AccessLogFields): Format {
  switch (format) {
    case "common":
      return new CommonFormat(fields, false);
    case "genericCLF":
      return new CommonFormat(fields, true);
    case "json":
      return new JsonFormat(fields);
    default:
      throw new Error(
        `${JSON.stringify(format)} is no access log format (expected "common", "genericCLF" or "json")`,
      );
  }
}

/** Which exchanges are worth a line: all where there is no filter, else those that one filter takes. */
class Filter {
  private readonly ranges: readonly (readonly [low: number, high: number])[];
  private readonly retryAttempts: boolean;
  private readonly minDuration: number;
  private readonly none: boolean;

  constructor(filters: AccessLogOptions["filters"] = {}) {
    this.ranges = (filters.statusCodes ?? []).map(statusRange);
    this.retryAttempts = filters.retryAttempts ?? false;
    this.minDuration = filters.minDuration ?? 0;
    this.none = this.ranges.length === 0 && !this.retryAttempts && this.minDuration <= 0;
  }

  keeps({ status, duration, exchange }: AccessLogRecord): boolean {
    if (this.none) return true;
    if (this.retryAttempts && exchange.retries > 0) return true;
    if (this.minDuration > 0 && duration > this.minDuration) return true;
    for (const [low, high] of this.ranges) if (status >= low && status <= high) return true;
    return false;
  }
}

function statusRange(text: string): [low: number, high: number] {
  const match = /^\s*(\d{3})\s*(?:-\s*(\d{3})\s*)?$/.exec(text);
  if (match === null) {
    throw new Error(
      `${JSON.stringify(text)} is no status code or range (expected e.g. "404" or "500-599")`,
    );
  }
  return [Number(match[1]), Number(match[2] ?? match[1])];
}

/** Has exchanges logged when they end. `addInternals`: those with Sluice's own services as well. */
export function accessLogObserver(log: AccessLog, addInternals: boolean): Observer {
  const finished = (exchange: Exchange) => log.log(exchange);
  const link: Middleware = (next) => (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    log.begin(lazy, exchange);
    exchange.onFinish(finished);
    return next(lazy, exchange);
  };
  return {
    entryPoint: ({ observability, internal }) =>
      observability.accessLogs && (addInternals || !internal) ? link : null,
  };
}
