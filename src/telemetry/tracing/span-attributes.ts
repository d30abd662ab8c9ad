import { messageOf } from "../../core/errors.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import { finalStatus } from "../final-status.ts";
import type { RecordedSpan } from "./recorded-span.ts";
import { type ServerFacts, safeQuery, splitTarget } from "./safe-url.ts";
import type { TracingSettings } from "./tracing-settings.ts";

/** "1.1" of "HTTP/1.1"; "2" and "3" have no minor version, as OpenTelemetry wants it. */
function versionOf(protocol: string): string {
  return protocol.replace(/^HTTP\//, "").replace(/^([23])\.0$/, "$1");
}

/** `http.request.header.x` and the like, each a list of values. */
export function captureHeaders(
  span: RecordedSpan,
  prefix: string,
  names: readonly string[],
  headers: HeaderList | null,
): void {
  for (const name of names) {
    const values = headers?.all(name) ?? [];
    if (values.length > 0) span.set(prefix + name, values);
  }
}

/** Of the span of the whole request, once it is over. Source: Traefik's pkg/observability/tracing/tracing.go. */
export function describeRequest(
  span: RecordedSpan,
  exchange: Exchange,
  settings: TracingSettings,
): void {
  const { downstream, requestHeaders } = exchange;
  const { remote } = downstream;
  const target = exchange.normalTarget === "" ? exchange.target : exchange.normalTarget;
  const [path, query] = splitTarget(target);
  span.set("entry_point", downstream.entryPoint);
  span.set("http.request.method", exchange.method);
  span.set("network.protocol.version", versionOf(downstream.protocol));
  span.set("http.request.body.size", exchange.requestBytes);
  span.set("url.path", path);
  if (query !== "") span.set("url.query", safeQuery(query, settings.safeQueryParams));
  span.set(
    "url.scheme",
    requestHeaders?.first("x-forwarded-proto") ?? (downstream.tls === null ? "http" : "https"),
  );
  const userAgent = requestHeaders?.first("user-agent") ?? "";
  if (userAgent !== "") span.set("user_agent.original", userAgent);
  span.set("server.address", exchange.host);
  span.set("client.address", remote.ip);
  span.set("client.port", remote.port);
  span.set("network.peer.address", remote.ip);
  span.set("network.peer.port", remote.port);
  const status = finalStatus(exchange);
  if (status > 0) span.set("http.response.status_code", status);
  captureHeaders(span, "http.response.header.", settings.responseHeaders, exchange.responseHeaders);
  if (status >= 500) span.fail("");
}

/** Of the span of a try to have a server answer, once it has, or hasn't. */
export function describeTry(
  span: RecordedSpan,
  server: ServerFacts,
  target: string,
  exchange: Exchange,
  settings: TracingSettings,
): void {
  const [path, query] = splitTarget(target);
  const shown = query === "" ? path : `${path}?${safeQuery(query, settings.safeQueryParams)}`;
  span.set("http.request.method", exchange.method);
  span.set("url.full", server.origin + shown);
  span.set("url.scheme", server.scheme);
  span.set("server.address", server.hostname);
  span.set("network.peer.address", server.hostname);
  // A Unix socket has none.
  if (server.port > 0) {
    span.set("server.port", server.port);
    span.set("network.peer.port", server.port);
  }
  const status = exchange.originStatus;
  if (status > 0) span.set("http.response.status_code", status);
  captureHeaders(span, "http.response.header.", settings.responseHeaders, exchange.originHeaders);
  if (exchange.error !== null && exchange.originHeaders === null)
    span.fail(messageOf(exchange.error));
  else if (status >= 400) span.fail("");
}
