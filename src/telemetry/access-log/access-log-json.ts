import { latin1Bytes } from "../../core/bytes.ts";
import { FIELD_NAMES, FieldId } from "../../wire/field-names.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import { Rfc3339Clock } from "../timestamp.ts";
import type { AccessLogFields, HeaderMode } from "./access-log-fields.ts";
import type { AccessLogRecord } from "./access-log-record.ts";
import {
  ACCESS_LOG_FIELDS,
  canonicalName,
  ENTRY_POINT_NAME,
  type FieldValue,
} from "./access-log-values.ts";
import type { LineBuffer } from "./line-buffer.ts";

const END_TIME = new Rfc3339Clock(true, false);
const QUOTE = 0x22;
const LEVEL = latin1Bytes(',"level":"info","msg":""');
const TIME = latin1Bytes(',"time":"');
const END = latin1Bytes("}\n");
const DOWNSTREAM = latin1Bytes(',"downstream_');
const ORIGIN = latin1Bytes(',"origin_');
const REQUEST = latin1Bytes(',"request_');
const REDACTED = latin1Bytes('"REDACTED"');

/** Characters of header names that are remembered: peers choose names, so there is a limit. */
const MAX_REMEMBERED = 64 * 1024;

/** What becomes of a header, and its values while one line is written. */
interface NamedHeader {
  readonly mode: HeaderMode;
  /** `Name":`, spelled as Go does. */
  readonly key: Uint8Array;
  /** The list that `value` is of. */
  list: HeaderList | null;
  value: string;
}

/**
 * Traefik's JSON access log: one object a line, its keys sorted. UTF-8 that a peer sent stays UTF-8;
 * bytes that are none are escaped one by one (U+0080 to U+00FF), so that none is lost.
 */
export class JsonFormat {
  private readonly fields: AccessLogFields;
  private readonly core: (readonly [key: Uint8Array, value: FieldValue])[];
  private readonly entryPointName: boolean;
  private readonly spanId: boolean;
  private readonly traceId: boolean;
  // By every spelling seen, the canonical one included.
  private readonly names = new Map<string, NamedHeader>();
  private remembered = 0;
  private readonly present: NamedHeader[] = [];

  constructor(fields: AccessLogFields) {
    this.fields = fields;
    this.core = Object.entries(ACCESS_LOG_FIELDS)
      .filter(([name]) => fields.keep(name))
      .map(([name, value]) => [latin1Bytes(`,"${name}":`), value] as const);
    this.spanId = fields.keep("span_id");
    this.traceId = fields.keep("trace_id");
    this.entryPointName = fields.keep("entryPointName");
  }

  write(buffer: LineBuffer, record: AccessLogRecord): void {
    const { exchange } = record;
    const start = buffer.length;
    for (const [key, value] of this.core) this.field(buffer, key, value(record, this.fields));
    this.headers(buffer, DOWNSTREAM, exchange.responseHeaders);
    if (this.entryPointName) {
      this.field(buffer, ENTRY_POINT_KEY, ENTRY_POINT_NAME(record, this.fields));
    }
    buffer.raw(LEVEL);
    this.headers(buffer, ORIGIN, exchange.originHeaders);
    this.headers(buffer, REQUEST, exchange.requestHeaders);
    if (exchange.trace !== null && this.spanId)
      this.field(buffer, SPAN_ID_KEY, exchange.trace.spanId);
    buffer.raw(TIME);
    buffer.ascii(END_TIME.text(record.startedAt + record.duration));
    buffer.byte(QUOTE);
    if (exchange.trace !== null && this.traceId)
      this.field(buffer, TRACE_ID_KEY, exchange.trace.traceId);
    buffer.raw(END);
    // Every field brings a comma; the first one opens the object.
    buffer.replace(start, 0x7b);
  }

  private field(buffer: LineBuffer, key: Uint8Array, value: string | number | undefined): void {
    if (value === undefined) return;
    buffer.raw(key);
    if (typeof value === "string") {
      buffer.byte(QUOTE);
      buffer.json(value);
      buffer.byte(QUOTE);
    } else if (Number.isInteger(value)) {
      buffer.integer(value);
    } else {
      buffer.ascii(String(value));
    }
  }

  private headers(buffer: LineBuffer, prefix: Uint8Array, list: HeaderList | null): void {
    if (list === null || !this.fields.anyHeader) return;
    if (this.remembered > MAX_REMEMBERED) {
      this.names.clear();
      this.remembered = 0;
    }
    const { present } = this;
    for (let i = 0, slots = list.slots; i < slots; i++) {
      const id = list.idAt(i);
      // Go takes these two out of a request's header.
      if (id === FieldId.deleted || id === FieldId.host || id === FieldId.transferEncoding)
        continue;
      const header = this.named(id === FieldId.other ? list.nameAt(i) : FIELD_NAMES[id]);
      if (header.mode === "drop") continue;
      if (header.list === list) {
        header.value += `,${list.valueAt(i)}`;
        continue;
      }
      header.list = list;
      header.value = list.valueAt(i);
      present.push(header);
    }
    for (const header of present) {
      buffer.raw(prefix);
      buffer.raw(header.key);
      if (header.mode === "redact") {
        buffer.raw(REDACTED);
      } else {
        buffer.byte(QUOTE);
        buffer.json(header.value);
        buffer.byte(QUOTE);
      }
      header.list = null;
      header.value = "";
    }
    present.length = 0;
  }

  private named(received: string): NamedHeader {
    const known = this.names.get(received);
    if (known !== undefined) return known;
    const name = canonicalName(received);
    const header = this.names.get(name) ?? {
      mode: this.fields.header(name),
      key: latin1Bytes(`${JSON.stringify(name).slice(1)}:`),
      list: null,
      value: "",
    };
    this.names.set(name, header).set(received, header);
    this.remembered += received.length;
    return header;
  }
}

const ENTRY_POINT_KEY = latin1Bytes(',"entryPointName":');
// OpenTelemetry's names, which Traefik writes beside its own.
const SPAN_ID_KEY = latin1Bytes(',"span_id":');
const TRACE_ID_KEY = latin1Bytes(',"trace_id":');
