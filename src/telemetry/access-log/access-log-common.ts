import { latin1Bytes } from "../../core/bytes.ts";
import { FIELD_NAMES, FieldId } from "../../wire/field-names.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import { clfTime, localOffset } from "../timestamp.ts";
import type { AccessLogFields, HeaderMode } from "./access-log-fields.ts";
import { type AccessLogRecord, loggedTarget } from "./access-log-record.ts";
import { LineBuffer } from "./line-buffer.ts";

const SPACE = 0x20;
const DASH = 0x2d;
const QUOTE = 0x22;
const USER = latin1Bytes(" - ");
const AFTER_REQUEST = latin1Bytes('" ');
const NO_TEXT = latin1Bytes(' "-"');
const REDACTED = latin1Bytes(' "REDACTED"');
const MILLISECONDS = latin1Bytes("ms");

/**
 * Traefik's common log format: the classic line, then the request's number, router, server URL and
 * duration; `generic` is the classic line alone. Source: Traefik's
 * pkg/middlewares/accesslog/logger_formatters.go; other than there, bytes that could forge a line
 * are escaped.
 */
export class CommonFormat {
  private readonly generic: boolean;
  private readonly keep: Record<
    | "host"
    | "user"
    | "method"
    | "path"
    | "protocol"
    | "status"
    | "size"
    | "count"
    | "router"
    | "server"
    | "duration",
    boolean
  >;
  private readonly queryParameters: boolean;
  private readonly referer: HeaderMode;
  private readonly userAgent: HeaderMode;
  private readonly names = new ConfiguredTexts();
  private readonly time: "utc" | "local" | "none";
  // What changes once a second: ` [time] "`, and the same behind ` - -`.
  private second = Number.NaN;
  private timeText!: Uint8Array;
  private timeWithoutUser!: Uint8Array;

  constructor(fields: AccessLogFields, generic: boolean) {
    this.generic = generic;
    this.keep = {
      host: fields.keep("ClientHost"),
      user: fields.keep("ClientUsername"),
      method: fields.keep("RequestMethod"),
      path: fields.keep("RequestPath"),
      protocol: fields.keep("RequestProtocol"),
      status: fields.keep("DownstreamStatus"),
      size: fields.keep("DownstreamContentSize"),
      count: fields.keep("RequestCount"),
      router: fields.keep("RouterName"),
      server: fields.keep("ServiceURL"),
      duration: fields.keep("Duration"),
    };
    this.queryParameters = fields.queryParameters;
    this.referer = fields.header("Referer");
    this.userAgent = fields.header("User-Agent");
    this.time = fields.keep("StartUTC") ? "utc" : fields.keep("StartLocal") ? "local" : "none";
  }

  write(buffer: LineBuffer, record: AccessLogRecord): void {
    const { exchange } = record;
    const { keep } = this;
    const { downstream } = exchange;
    bare(
      buffer,
      keep.host,
      exchange.forwardedFor === "" ? downstream.remote.ip : exchange.forwardedFor,
    );
    this.setSecond(record.startedAt);
    if (!keep.user || exchange.clientUsername === "") {
      buffer.raw(this.timeWithoutUser);
    } else {
      buffer.raw(USER);
      buffer.bare(exchange.clientUsername);
      buffer.raw(this.timeText);
    }
    quoted(buffer, keep.method, exchange.method);
    buffer.byte(SPACE);
    quoted(buffer, keep.path, loggedTarget(exchange, this.queryParameters));
    buffer.byte(SPACE);
    quoted(buffer, keep.protocol, downstream.protocol);
    buffer.raw(AFTER_REQUEST);
    integer(buffer, keep.status, record.status);
    buffer.byte(SPACE);
    integer(buffer, keep.size, exchange.responseBytes);
    header(buffer, this.referer, exchange.requestHeaders, FieldId.referer);
    header(buffer, this.userAgent, exchange.requestHeaders, FieldId.userAgent);
    if (!this.generic) {
      buffer.byte(SPACE);
      integer(buffer, keep.count, exchange.requestCount);
      buffer.raw(keep.router ? this.names.get(exchange.router) : NO_TEXT);
      buffer.raw(keep.server ? this.names.get(exchange.serverUrl) : NO_TEXT);
      buffer.byte(SPACE);
      buffer.integer(keep.duration ? Math.floor(record.duration) : 0);
      buffer.raw(MILLISECONDS);
    }
    buffer.byte(0x0a);
  }

  private setSecond(startedAt: number): void {
    const second = Math.floor(startedAt / 1000);
    if (second === this.second) return;
    this.second = second;
    const time = second * 1000;
    const offset = this.time === "local" ? localOffset(time) : 0;
    const text = ` [${this.time === "none" ? "-" : clfTime(time, offset)}] "`;
    this.timeText = latin1Bytes(text);
    this.timeWithoutUser = latin1Bytes(` - -${text}`);
  }
}

/**
 * ` "value"` for texts of the configuration. They are few and come again and again, and copying
 * bytes costs a third of writing characters one by one.
 */
class ConfiguredTexts {
  private readonly made = new Map<string, Uint8Array>();
  private readonly buffer = new LineBuffer();

  get(value: string): Uint8Array {
    const before = this.made.get(value);
    if (before !== undefined) return before;
    // Reloads may bring ever new names.
    if (this.made.size >= 4096) this.made.clear();
    text(this.buffer, value);
    const bytes = this.buffer.take();
    this.made.set(value, bytes);
    return bytes;
  }
}

function bare(buffer: LineBuffer, keep: boolean, value: string): void {
  if (keep && value !== "") buffer.bare(value);
  else buffer.byte(DASH);
}

function quoted(buffer: LineBuffer, keep: boolean, value: string): void {
  if (keep && value !== "") buffer.quoted(value);
  else buffer.byte(DASH);
}

function integer(buffer: LineBuffer, keep: boolean, value: number): void {
  if (keep) buffer.integer(value);
  else buffer.byte(DASH);
}

/** ` "value"`, ` "-"` for nothing. */
function text(buffer: LineBuffer, value: string): void {
  if (value === "") {
    buffer.raw(NO_TEXT);
    return;
  }
  buffer.byte(SPACE);
  buffer.byte(QUOTE);
  buffer.quoted(value);
  buffer.byte(QUOTE);
}

function header(buffer: LineBuffer, mode: HeaderMode, list: HeaderList | null, id: number): void {
  const slot = mode === "drop" || list === null ? -1 : list.findId(id);
  if (slot < 0) buffer.raw(NO_TEXT);
  else if (mode === "redact") buffer.raw(REDACTED);
  else if (list!.findId(id, slot + 1) < 0) text(buffer, list!.valueAt(slot));
  else text(buffer, list!.all(FIELD_NAMES[id].toLowerCase()).join(","));
}
