import { FieldId } from "../../wire/field-names.ts";

/** Fields of a response that HTTP/2 forbids (RFC 9113 section 8.2.2), or that are written elsewhere. */
export const NOT_IN_HTTP2 = new Uint8Array(64);
for (const id of [
  FieldId.connection,
  FieldId.contentLength,
  FieldId.transferEncoding,
  FieldId.keepAlive,
  FieldId.proxyConnection,
  FieldId.upgrade,
  FieldId.http2Settings,
  FieldId.te,
]) {
  NOT_IN_HTTP2[id] = 1;
}
