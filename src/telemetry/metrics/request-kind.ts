import type { Exchange } from "../../http/exchange.ts";
import type { LazyRequest } from "../../http/lazy/lazy-request.ts";
import { FieldId } from "../../wire/field-names.ts";

/** What clients speak inside of HTTP, as Traefik's `protocol` label tells them apart. */
export const PROTOCOLS = ["http", "websocket", "sse", "grpc", "grpc-web"] as const;

export const RequestProtocol = { http: 0, websocket: 1, sse: 2, grpc: 3, grpcWeb: 4 } as const;

/** Other methods are one: clients choose them. */
const EXTENSION_METHOD = "EXTENSION_METHOD";
const METHODS: readonly string[] = [
  EXTENSION_METHOD,
  "GET",
  "POST",
  "HEAD",
  "PUT",
  "DELETE",
  "PATCH",
  "OPTIONS",
  "CONNECT",
  "TRACE",
];

/** google.rpc.Code's Unknown: a gRPC response without a status. */
const GRPC_UNKNOWN = 2;
const HIGHEST_GRPC_CODE = 16;

/** Codes have three digits. */
const CODES = 1000;
const METHOD_SLOTS = 16;

/** Code, method and protocol of a request as one number. */
export function requestKind(code: number, method: string, protocol: number): number {
  const index = method === "GET" ? 1 : METHODS.indexOf(method);
  return (protocol * METHOD_SLOTS + Math.max(index, 0)) * CODES + (code < CODES ? code : 0);
}

export interface RequestLabels {
  readonly code: string;
  readonly method: string;
  readonly protocol: string;
}

/** The labels that the number stands for. */
export function labelsOfKind(kind: number): RequestLabels {
  const rest = Math.floor(kind / CODES);
  return {
    code: String(kind % CODES),
    method: METHODS[rest % METHOD_SLOTS],
    protocol: PROTOCOLS[Math.floor(rest / METHOD_SLOTS)],
  };
}

/**
 * Which of PROTOCOLS a request is of, as Traefik's pkg/middlewares/metrics/metrics.go decides: an upgrade
 * to WebSocket, an Accept with text/event-stream, a Content-Type of gRPC.
 */
export function protocolOf(request: LazyRequest): number {
  if (request.upgrade !== "" && request.upgrade.toLowerCase() === "websocket")
    return RequestProtocol.websocket;
  const list = request.headerList;
  const accept = list.findId(FieldId.accept);
  if (accept >= 0 && !list.valueIs(accept, "*/*")) {
    if (list.get("accept")!.includes("text/event-stream")) return RequestProtocol.sse;
  }
  const type = list.findId(FieldId.contentType);
  if (type < 0) return RequestProtocol.http;
  const value = list.valueAt(type);
  if (value.startsWith("application/grpc-web")) return RequestProtocol.grpcWeb;
  return value.startsWith("application/grpc") ? RequestProtocol.grpc : RequestProtocol.http;
}

/** The code that counts: the status, or for gRPC its own, from the trailers or the head. */
export function codeOf(exchange: Exchange, status: number): number {
  const { protocol } = exchange;
  if (protocol !== RequestProtocol.grpc && protocol !== RequestProtocol.grpcWeb) return status;
  const text =
    exchange.responseTrailers?.first("grpc-status") ??
    exchange.responseHeaders?.first("grpc-status") ??
    "";
  const code = /^\d{1,2}$/.test(text) ? Number(text) : GRPC_UNKNOWN;
  return code <= HIGHEST_GRPC_CODE ? code : GRPC_UNKNOWN;
}
