import { latin1Bytes } from "../../core/bytes.ts";
import { subjectText } from "../../tls/subject.ts";
import { FIELD_NAMES, FieldId } from "../../wire/field-names.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import { Rfc3339Clock } from "../timestamp.ts";
import type { AccessLogFields, HeaderMode } from "./access-log-fields.ts";
import { type AccessLogRecord, loggedTarget, splitHostPort } from "./access-log-record.ts";
import type { LineBuffer } from "./line-buffer.ts";

/** A field's value: text, a number, or undefined where the exchange has no such thing. */
type Value = (record: AccessLogRecord, options: AccessLogFields) => string | number | undefined;

const nanoseconds = (milliseconds: number) => Math.round(milliseconds * 1e6);
const known = (text: string) => (text === "" ? undefined : text);
const START_LOCAL = new Rfc3339Clock(true, true);
const START_UTC = new Rfc3339Clock(false, true);
const END_TIME = new Rfc3339Clock(true, false);
const bracketed = (ip: string) => (ip.includes(":") ? `[${ip}]` : ip);

/** Body bytes from the service; 0 where no service answered. */
function originBytes({ exchange }: AccessLogRecord): number {
  if (exchange.originStatus === 0) return 0;
  return exchange.originBytes < 0 ? exchange.responseBytes : exchange.originBytes;
}

/** By the certificate: a connection's requests have the same one. */
const SUBJECTS = new WeakMap<Uint8Array, string>();

function subjectOf(certificate: Uint8Array | null): string | undefined {
  if (certificate === null) return undefined;
  let subject = SUBJECTS.get(certificate);
  if (subject === undefined) {
    try {
      subject = subjectText(certificate);
    } catch {
      // Nobody has to have verified it.
      subject = "";
    }
    SUBJECTS.set(certificate, subject);
  }
  return subject;
}

// Traefik's names (pkg/middlewares/accesslog/logdata.go), sorted as its JSON has them. Durations are
// nanoseconds.
const FIELDS: Record<string, Value> = {
  ClientAddr: ({ exchange: { downstream } }) =>
    `${bracketed(downstream.remote.ip)}:${downstream.remote.port}`,
  ClientHost: ({ exchange }) => known(exchange.forwardedFor) ?? exchange.downstream.remote.ip,
  ClientPort: ({ exchange }) => String(exchange.downstream.remote.port),
  ClientUsername: ({ exchange }) => known(exchange.clientUsername) ?? "-",
  DownstreamContentSize: ({ exchange }) => exchange.responseBytes,
  DownstreamStatus: ({ status }) => status,
  Duration: ({ duration }) => nanoseconds(duration),
  GzipRatio: (record) => {
    const origin = originBytes(record);
    const size = record.exchange.responseBytes;
    return record.exchange.originStatus === 0 || size === 0 || size === origin
      ? undefined
      : origin / size;
  },
  OriginContentSize: originBytes,
  OriginDuration: ({ exchange }) => nanoseconds(exchange.originDuration),
  OriginStatus: ({ exchange }) => exchange.originStatus,
  Overhead: ({ duration, exchange }) =>
    nanoseconds(duration) - nanoseconds(exchange.originDuration),
  RequestAddr: ({ exchange }) => known(exchange.host),
  RequestContentSize: ({ exchange }) => exchange.requestBytes,
  RequestCount: ({ exchange }) => exchange.requestCount,
  RequestHost: ({ exchange }) =>
    exchange.host === "" ? undefined : splitHostPort(exchange.host)[0],
  RequestMethod: ({ exchange }) => exchange.method,
  RequestPath: ({ exchange }, { queryParameters }) => loggedTarget(exchange, queryParameters),
  RequestPort: ({ exchange }) =>
    exchange.host === "" ? undefined : splitHostPort(exchange.host)[1],
  RequestProtocol: ({ exchange }) => exchange.downstream.protocol,
  RequestScheme: ({ exchange }) => (exchange.downstream.tls === null ? "http" : "https"),
  RetryAttempts: ({ exchange }) => exchange.retries,
  RouterName: ({ exchange }) => known(exchange.router),
  ServiceAddr: ({ exchange }) => known(exchange.serverAddress),
  ServiceName: ({ exchange }) => known(exchange.service),
  ServiceURL: ({ exchange }) => known(exchange.serverUrl),
  StartLocal: ({ startedAt }) => START_LOCAL.text(startedAt),
  StartUTC: ({ startedAt }) => START_UTC.text(startedAt),
  TLSCipher: ({ exchange }) => exchange.downstream.tls?.cipher,
  TLSClientSubject: ({ exchange }) => subjectOf(exchange.downstream.tls?.peerCertificate ?? null),
  TLSVersion: ({ exchange }) => exchange.downstream.tls?.version,
};
const ENTRY_POINT_NAME: Value = ({ exchange }) => known(exchange.downstream.entryPoint);

const QUOTE = 0x22;
const LEVEL = latin1Bytes(',"level":"info","msg":""');
const TIME = latin1Bytes(',"time":"');
const END = latin1Bytes('"}\n');
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
  private readonly core: (readonly [key: Uint8Array, value: Value])[];
  private readonly entryPointName: boolean;
  // By every spelling seen, the canonical one included.
  private readonly names = new Map<string, NamedHeader>();
  private remembered = 0;
  private readonly present: NamedHeader[] = [];

  constructor(fields: AccessLogFields) {
    this.fields = fields;
    this.core = Object.entries(FIELDS)
      .filter(([name]) => fields.keep(name))
      .map(([name, value]) => [latin1Bytes(`,"${name}":`), value] as const);
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
    buffer.raw(TIME);
    buffer.ascii(END_TIME.text(record.startedAt + record.duration));
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

/** Go's CanonicalMIMEHeaderKey: the first letter and those behind hyphens in upper case, others in lower. */
function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
