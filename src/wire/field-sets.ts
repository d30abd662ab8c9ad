import { FieldId, FORWARDED_IDS } from "./field-names.ts";

/** A set of field ids: `set[id]` is 1 for a member. Fields without an id are members of none. */
export type FieldSet = Readonly<Uint8Array>;

/** Larger than any id. */
const SIZE = 64;

function setOf(...ids: readonly number[]): FieldSet {
  const set = new Uint8Array(SIZE);
  for (const id of ids) set[id] = 1;
  return set;
}

// What may not pass a hop, and why, in one place. Each set is for one place where a head is read or
// written: they differ in what that place writes itself.

/** Fields about one connection: HTTP/2 and HTTP/3 have none of them (RFC 9113 section 8.2.2, RFC 9114 section 4.2). */
const CONNECTION_SPECIFIC = [
  FieldId.connection,
  FieldId.keepAlive,
  FieldId.proxyConnection,
  FieldId.transferEncoding,
  FieldId.upgrade,
];

/** Fields that end at the next proxy, whatever the version (RFC 9110 section 7.6.1 and Go's reverse proxy). */
const HOP_BY_HOP = [
  ...CONNECTION_SPECIFIC,
  FieldId.proxyAuthenticate,
  FieldId.proxyAuthorization,
  FieldId.te,
];

/** No field. */
export const NO_FIELD: FieldSet = setOf();

/** Makes a message of HTTP/2 or HTTP/3 malformed. */
export const FORBIDDEN_IN_STREAMS: FieldSet = setOf(...CONNECTION_SPECIFIC);

/** Not passed to upstreams, or written by what writes the request's head. */
export const NOT_TO_UPSTREAM: FieldSet = setOf(
  ...HOP_BY_HOP,
  FieldId.host,
  FieldId.contentLength,
  FieldId.http2Settings,
  FieldId.xForwardedFor,
  FieldId.expect,
);

/** Not passed to upstreams by `fetch`, or set by `fetch` itself. */
export const NOT_TO_FETCH: FieldSet = setOf(
  ...HOP_BY_HOP,
  FieldId.host,
  FieldId.contentLength,
  FieldId.trailer,
  FieldId.expect,
);

/** Removed from an upstream's response. Content-Length stays: an answer to HEAD passes it on. */
export const NOT_FROM_UPSTREAM: FieldSet = setOf(...HOP_BY_HOP);

/** Left out of a response over HTTP/1.1, whose head writer sets them itself. */
export const NOT_IN_HTTP1_RESPONSE: FieldSet = setOf(
  FieldId.connection,
  FieldId.contentLength,
  FieldId.transferEncoding,
  FieldId.keepAlive,
  FieldId.upgrade,
);

/** Left out of a response over HTTP/2 or HTTP/3: forbidden there, or set by the head writer. */
export const NOT_IN_STREAM_RESPONSE: FieldSet = setOf(
  ...CONNECTION_SPECIFIC,
  FieldId.contentLength,
  FieldId.http2Settings,
  FieldId.te,
);

/** Fields that say how to read, route or trust a message: in a trailer section they come too late (RFC 9110 section 6.5.1). */
export const NOT_IN_TRAILERS: FieldSet = setOf(
  ...HOP_BY_HOP,
  ...FORWARDED_IDS,
  FieldId.host,
  FieldId.contentLength,
  FieldId.expect,
  FieldId.trailer,
  FieldId.contentType,
  FieldId.contentEncoding,
  FieldId.cookie,
  FieldId.setCookie,
  FieldId.authorization,
  FieldId.cacheControl,
  FieldId.http2Settings,
);
