import { latin1 } from "../../../core/bytes.ts";
import { FieldId } from "../../field-names.ts";
import { type Fields, STRIDE } from "../../fields.ts";
import { Framing } from "../message.ts";
import { refuseRequest, refuseResponse } from "../protocol-error.ts";
import type { HeadFacts } from "./head-facts.ts";

/**
 * How a request's body ends (RFC 9112 section 6.3). `Content-Length: 0` is no body.
 *
 * Refused with 400: Content-Length beside Transfer-Encoding (the RFC lets the latter win; that is
 * how smuggling starts), Transfer-Encoding in HTTP/1.0, and any that isn't exactly `chunked`, once;
 * with 501: codings before a final `chunked` that would have to be decoded here.
 */
export function requestFraming(
  facts: HeadFacts,
  minor: number,
  bytes: Uint8Array,
  fields: Fields,
): Framing {
  if (facts.transferEncodings === 0) return facts.contentLength > 0 ? Framing.length : Framing.none;
  if (facts.contentLength >= 0) {
    throw refuseRequest("bad-request", "Both Content-Length and Transfer-Encoding");
  }
  if (minor === 0) throw refuseRequest("bad-request", "Transfer-Encoding in HTTP/1.0");
  if (facts.chunked) return Framing.chunked;
  const codings = transferEncoding(bytes, fields);
  const code = isForeignCoding(codings) ? "not-implemented" : "bad-request";
  throw refuseRequest(code, unexpected(codings));
}

/**
 * How a response's body ends (RFC 9112 section 6.3), apart from those that never have one (HEAD,
 * CONNECT, 1xx, 204, 304). Neither field means: with the connection. The same combinations as in a
 * request are refused, and all other codings too.
 */
export function responseFraming(
  facts: HeadFacts,
  minor: number,
  bytes: Uint8Array,
  fields: Fields,
): Framing {
  if (facts.transferEncodings === 0) {
    if (facts.contentLength < 0) return Framing.close;
    return facts.contentLength > 0 ? Framing.length : Framing.none;
  }
  if (facts.contentLength >= 0) {
    throw refuseResponse("bad-request", "Both Content-Length and Transfer-Encoding");
  }
  if (minor === 0) throw refuseResponse("bad-request", "Transfer-Encoding in HTTP/1.0");
  if (facts.chunked) return Framing.chunked;
  throw refuseResponse("bad-request", unexpected(transferEncoding(bytes, fields)));
}

function transferEncoding(bytes: Uint8Array, fields: Fields): string {
  const values: string[] = [];
  for (let i = 0; i < fields.length; i += STRIDE) {
    if (fields[i] === FieldId.transferEncoding) {
      values.push(latin1(bytes, fields[i + 3], fields[i + 4]));
    }
  }
  return values.join(", ");
}

function unexpected(codings: string): string {
  return `Transfer-Encoding is ${JSON.stringify(codings.slice(0, 80))}, expected "chunked"`;
}

/** Real codings and then `chunked`: understood, and not done. Anything that resembles a trick isn't. */
function isForeignCoding(codings: string): boolean {
  const members = codings
    .toLowerCase()
    .split(",")
    .map((member) => member.trim());
  return (
    members.pop() === "chunked" &&
    members.every((member) => /^[a-z0-9-]+$/.test(member) && !/chunked|identity/.test(member))
  );
}
