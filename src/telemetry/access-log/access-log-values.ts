import { subjectText } from "../../tls/subject.ts";
import { Rfc3339Clock } from "../timestamp.ts";
import type { AccessLogFields } from "./access-log-fields.ts";
import { type AccessLogRecord, loggedTarget, splitHostPort } from "./access-log-record.ts";

/** A field's value: text, a number, or undefined where the exchange has no such thing. */
export type FieldValue = (
  record: AccessLogRecord,
  options: AccessLogFields,
) => string | number | undefined;

const nanoseconds = (milliseconds: number) => Math.round(milliseconds * 1e6);
const known = (text: string) => (text === "" ? undefined : text);
const START_LOCAL = new Rfc3339Clock(true, true);
const START_UTC = new Rfc3339Clock(false, true);
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
      // No password has to have been verified.
      subject = "";
    }
    SUBJECTS.set(certificate, subject);
  }
  return subject;
}

// Traefik's names (pkg/middlewares/accesslog/logdata.go), sorted as its JSON has them. Durations are
// nanoseconds.
export const ACCESS_LOG_FIELDS: Readonly<Record<string, FieldValue>> = {
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
    return size === 0 || size === origin ? undefined : origin / size;
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
  SpanId: ({ exchange }) => exchange.trace?.spanId,
  StartLocal: ({ startedAt }) => START_LOCAL.text(startedAt),
  StartUTC: ({ startedAt }) => START_UTC.text(startedAt),
  TLSCipher: ({ exchange }) => exchange.downstream.tls?.cipher,
  TLSClientSubject: ({ exchange }) => subjectOf(exchange.downstream.tls?.peerCertificate ?? null),
  TLSVersion: ({ exchange }) => exchange.downstream.tls?.version,
  TraceId: ({ exchange }) => exchange.trace?.traceId,
};
export const ENTRY_POINT_NAME: FieldValue = ({ exchange }) => known(exchange.downstream.entryPoint);
/** Go's CanonicalMIMEHeaderKey: the first letter and those behind hyphens in upper case, others in lower. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}
