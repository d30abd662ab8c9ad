import { httpDate } from "../../http/date.ts";
import type { Http3Fields } from "../../net/http3.ts";
import type { HeaderList } from "../../wire/header-list.ts";

/** Fields of a response that HTTP/3 forbids (RFC 9114 section 4.2), or that are written elsewhere. */
const NOT_SENT: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "transfer-encoding",
  "keep-alive",
  "proxy-connection",
  "upgrade",
  "http2-settings",
  "te",
]);
/** Fields that have no place behind a body (RFC 9110 section 6.5.1). */
const NOT_IN_TRAILERS: ReadonlySet<string> = new Set([
  ...NOT_SENT,
  "host",
  "trailer",
  "content-type",
  "content-encoding",
]);

/** An interim response's head as it goes on the wire. */
export function interimHead(status: number, headers: HeaderList | null): Http3Fields {
  const head: Http3Fields = [[":status", String(status)]];
  if (headers !== null) addTo(head, headers, NOT_SENT);
  return head;
}

/** A response's head as it goes on the wire; `length` below 0 for no Content-Length. */
export function finalHead(status: number, headers: HeaderList, length: number): Http3Fields {
  const head = interimHead(status, headers);
  if (!headers.has("date")) head.push(["date", httpDate()]);
  if (length >= 0) head.push(["content-length", String(length)]);
  return head;
}

/** A response's trailers as they go on the wire. */
export function sentTrailers(trailers: HeaderList): Http3Fields {
  const fields: Http3Fields = [];
  addTo(fields, trailers, NOT_IN_TRAILERS);
  return fields;
}

function addTo(fields: Http3Fields, list: HeaderList, skip: ReadonlySet<string>): void {
  for (const [name, value] of list.entries()) {
    const lowerName = name.toLowerCase();
    if (!skip.has(lowerName)) fields.push([lowerName, value]);
  }
}
