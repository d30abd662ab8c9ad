import type { Http3Fields } from "../../net/http3.ts";
import { MalformedError, requestHead, trailerFields } from "../field-block/message-head.ts";
import { type FieldSet, NOT_IN_STREAM_RESPONSE, NOT_IN_TRAILERS } from "../field-sets.ts";
import { HeaderList } from "../header-list.ts";
import type { Http2Head } from "../http2/message.ts";
import { fieldBlock, isTooLarge } from "./field-block.ts";

/** Methods whose requests seldom have a body: whether there is one is seen before a handler has the request. */
const BODILESS = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "DELETE", "CONNECT"]);

/** A request's head, checked as HTTP/2's are (RFC 9114 section 4.3.1). Throws MalformedError: the stream ends with H3_MESSAGE_ERROR. */
export function http3RequestHead(lines: Http3Fields): Http2Head {
  const head = requestHead(fieldBlock(lines));
  // RFC 9114 section 4.3.1 asks for one, which RFC 9113 does not.
  if (head.authority === "") throw new MalformedError("A request without an authority");
  return head;
}

/** A body is to be expected, and nothing to be waited for. */
export function announcesBody({ method, contentLength }: Http2Head): boolean {
  return contentLength > 0 || (contentLength < 0 && !BODILESS.has(method));
}

/** A request's trailers, checked as HTTP/2's are; what may not stand there is left out. Throws MalformedError. */
export function http3RequestTrailers(lines: Http3Fields, maxBytes: number): HeaderList {
  if (isTooLarge(lines, maxBytes)) throw new MalformedError("A trailer section above the limit");
  const block = fieldBlock(lines);
  return new HeaderList(block.bytes, trailerFields(block));
}

/** A response's head as it goes on the wire, without what its writer says itself. */
export function http3ResponseHead(status: number, headers: HeaderList | null): Http3Fields {
  const head: Http3Fields = [[":status", String(status)]];
  if (headers !== null) addTo(head, headers, NOT_IN_STREAM_RESPONSE);
  return head;
}

/** A response's trailers as they go on the wire. */
export function http3ResponseTrailers(trailers: HeaderList): Http3Fields {
  const fields: Http3Fields = [];
  addTo(fields, trailers, NOT_IN_TRAILERS);
  return fields;
}

function addTo(fields: Http3Fields, list: HeaderList, left: FieldSet): void {
  for (let i = 0; i < list.slots; i++) {
    const id = list.idAt(i);
    if (id >= 0 && left[id] !== 1) fields.push([list.nameAt(i).toLowerCase(), list.valueAt(i)]);
  }
}
