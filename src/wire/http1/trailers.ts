import { FieldId, FORWARDED_IDS } from "../field-names.ts";
import { type Fields, STRIDE } from "../fields.ts";

/** Fields that say how to read, route or trust a message: in a trailer section they come too late. */
const NOT_IN_TRAILERS = new Set<number>([
  FieldId.host,
  FieldId.connection,
  FieldId.contentLength,
  FieldId.transferEncoding,
  FieldId.upgrade,
  FieldId.expect,
  FieldId.keepAlive,
  FieldId.proxyConnection,
  FieldId.proxyAuthenticate,
  FieldId.proxyAuthorization,
  FieldId.te,
  FieldId.trailer,
  ...FORWARDED_IDS,
  FieldId.contentType,
  FieldId.contentEncoding,
  FieldId.cookie,
  FieldId.setCookie,
  FieldId.authorization,
  FieldId.cacheControl,
  FieldId.http2Settings,
]);

/** True where a field with that id must not stand in a trailer section (RFC 9110 section 6.5.1). */
export function forbiddenInTrailers(id: number): boolean {
  return NOT_IN_TRAILERS.has(id);
}

/** Where in `fields` the first one is that may not stand in a trailer section (RFC 9110 section 6.5.1), or -1. */
export function forbiddenTrailer(fields: Fields): number {
  for (let i = 0; i < fields.length; i += STRIDE) {
    if (forbiddenInTrailers(fields[i])) return i;
  }
  return -1;
}
