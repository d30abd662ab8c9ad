import type { LazyRequest } from "../http/lazy/lazy-request.ts";
import { FieldId } from "../wire/field-names.ts";

/**
 * Fields of a request that are about one connection (RFC 9110 section 7.6.1), or that the head
 * writers set themselves. Fields that the request's `Connection` named are gone already (forwarded
 * headers).
 */
export const REQUEST_SKIP = new Uint8Array(64);
for (const id of [
  FieldId.host,
  FieldId.connection,
  FieldId.contentLength,
  FieldId.transferEncoding,
  FieldId.upgrade,
  FieldId.keepAlive,
  FieldId.proxyConnection,
  FieldId.proxyAuthenticate,
  FieldId.proxyAuthorization,
  FieldId.te,
  FieldId.http2Settings,
  FieldId.xForwardedFor,
  FieldId.expect,
]) {
  REQUEST_SKIP[id] = 1;
}

/** X-Forwarded-For with the peer's address appended, as Traefik's proxy step does; "" for none. */
export function forwardedFor({ forwardPeer, exchange, headerList }: LazyRequest): string {
  const peer = forwardPeer ? exchange.downstream.remote.ip : "";
  const before =
    headerList.findId(FieldId.xForwardedFor) < 0 ? null : headerList.get("x-forwarded-for");
  return before === null ? peer : peer === "" ? before : `${before}, ${peer}`;
}

/** `TE` contains "trailers": the one member that means the same on the next hop. */
export function wantsTrailers({ headerList }: LazyRequest): boolean {
  return (
    headerList.findId(FieldId.te) >= 0 &&
    headerList
      .get("te")!
      .split(",")
      .some((member) => member.trim().toLowerCase() === "trailers")
  );
}

/** Methods whose missing body is worth a `Content-Length: 0` (RFC 9110 section 8.6). */
export function anticipatesBody(method: string): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH";
}
