import type { Body } from "../../http/body.ts";
import type { Exchange } from "../../http/exchange.ts";
import { LazyRequest } from "../../http/lazy/lazy-request.ts";
import { FieldId } from "../../wire/field-names.ts";
import { HeaderList } from "../../wire/header-list.ts";
import type { Http2Head } from "../../wire/http2/message.ts";

/** What handlers get to see of a request over HTTP/2 or HTTP/3. The scheme is the connection's, whatever the client claims. */
export function requestFromStream(
  exchange: Exchange,
  head: Http2Head,
  body: Body | null,
): LazyRequest {
  const fields = HeaderList.received(head.bytes, head.fields);
  joinCookies(fields);
  exchange.target = head.path;
  exchange.host = head.authority;
  const scheme = exchange.downstream.tls === null ? "http" : "https";
  const { method, authority, path } = head;
  return LazyRequest.received(exchange, method, scheme, authority, path, fields, body);
}

/** Clients may split cookies into several fields; everything else expects one (RFC 9113 section 8.2.3, RFC 9114 section 4.2.1). */
function joinCookies(fields: HeaderList): void {
  const first = fields.findId(FieldId.cookie);
  if (first < 0) return;
  let next = fields.findId(FieldId.cookie, first + 1);
  if (next < 0) return;
  let joined = fields.valueAt(first);
  for (; next >= 0; next = fields.findId(FieldId.cookie, next + 1)) {
    joined += `; ${fields.valueAt(next)}`;
  }
  fields.setId(FieldId.cookie, joined);
}
