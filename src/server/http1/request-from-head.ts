import type { Body } from "../../http/body.ts";
import type { Exchange } from "../../http/exchange.ts";
import { LazyRequest } from "../../http/lazy/lazy-request.ts";
import { FieldId } from "../../wire/field-names.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import type { RequestHead } from "../../wire/http1/message.ts";
import { TextCache } from "../../wire/text-cache.ts";

const HOSTS = new TextCache();

/** What handlers get to see of a request's head. */
export function requestFromHead(
  exchange: Exchange,
  head: RequestHead,
  fields: HeaderList,
  body: Body | null,
): LazyRequest {
  let { target } = head;
  let host = "";
  if (target.charCodeAt(0) !== 0x2f && target !== "*") {
    // Absolute form: its authority wins over Host (RFC 9112 section 3.2.2).
    const authority = target.indexOf("//") + 2;
    const path = target.indexOf("/", authority);
    const query = target.indexOf("?", authority);
    const end = path < 0 ? query : query < 0 ? path : Math.min(path, query);
    host = end < 0 ? target.slice(authority) : target.slice(authority, end);
    if (end < 0) target = head.method === "OPTIONS" ? "*" : "/";
    else target = target[end] === "?" ? `/${target.slice(end)}` : target.slice(end);
    fields.setId(FieldId.host, host);
  } else {
    const slot = fields.findId(FieldId.host);
    if (slot >= 0) host = fields.cachedValueAt(slot, HOSTS);
  }
  exchange.method = head.method;
  exchange.target = head.target;
  exchange.host = host;
  const scheme = exchange.downstream.tls === null ? "http" : "https";
  const request = LazyRequest.received(exchange, head.method, scheme, host, target, fields, body);
  if (head.upgrade) {
    const upgrade = fields.first("upgrade") ?? "";
    // h2c by upgrade is obsolete (RFC 9113 section 3.1), and passed on it would hide requests from the router.
    if (!/(^|,)\s*h2c\s*(,|$)/i.test(upgrade)) request.upgrade = upgrade;
  }
  return request;
}
