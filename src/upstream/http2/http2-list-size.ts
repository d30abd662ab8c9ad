import { ProxyError } from "../../core/errors.ts";
import { NOT_TO_UPSTREAM } from "../../wire/field-sets.ts";
import type { HeaderList } from "../../wire/header-list.ts";
import type { HeaderBlock } from "../../wire/http2/message.ts";
import { encodeRequestHead } from "../../wire/http2/request-head.ts";
import type { OutgoingRequest } from "../../wire/outgoing-request.ts";

export const HEAD_TOO_LARGE = new ProxyError(
  "header-too-large",
  "downstream",
  "The fields are more than the server says that it takes",
);

/** Of a field, besides its name and value (RFC 9113 section 6.5.2). */
const FIELD = 32;
/** More than all fields take that aren't the client's, nor another's in its list. */
const OWN_FIELDS = 1024;

/** Counts what a header list takes instead of encoding it. */
class ListSize implements HeaderBlock {
  bytes = 0;

  status(): void {}

  request(method: string, scheme: string, authority: string, path: string): void {
    this.text(0, ":method:scheme:authority:path", method + scheme + authority + path);
    this.bytes += 3 * FIELD;
  }

  field(
    _id: number,
    _bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    this.bytes += nameEnd - nameStart + valueEnd - valueStart + FIELD;
  }

  text(_id: number, name: string, value: string): void {
    this.bytes += name.length + value.length + FIELD;
  }
}

/**
 * True where a server has said that it takes no request head of that size. Some end the connection
 * over one, and with it the calls of all who share it; the limit is only advice to others.
 */
export function headExceeds(request: OutgoingRequest, scheme: string, limit: number): boolean {
  const { headerList, path, authority } = request;
  const atMost = headerList.listBytesAtMost + path.length + authority.length + OWN_FIELDS;
  if (atMost <= limit) return false;
  const size = new ListSize();
  encodeRequestHead(size, request, scheme);
  return size.bytes > limit;
}

/** The same of trailers. */
export function trailersExceed(trailers: HeaderList, limit: number): boolean {
  if (trailers.listBytesAtMost <= limit) return false;
  const size = new ListSize();
  trailers.encodeTo(size, NOT_TO_UPSTREAM);
  return size.bytes > limit;
}
