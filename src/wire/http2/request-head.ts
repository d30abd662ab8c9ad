import { BodyLength } from "../body-length.ts";
import { FieldId } from "../field-names.ts";
import { NOT_TO_UPSTREAM } from "../field-sets.ts";
import { anticipatesBody, type OutgoingRequest, wantsTrailers } from "../outgoing-request.ts";
import type { HeaderBlock } from "./message.ts";

/** Puts a request's head into a header block (RFC 9113 section 8.3.1). `scheme` is "http" or "https". */
export function encodeRequestHead(
  block: HeaderBlock,
  request: OutgoingRequest,
  scheme: string,
): void {
  const { method, headerList, forwardedFor, bodyLength } = request;
  block.request(method, scheme, request.authority, request.path);
  if (forwardedFor !== "") block.text(FieldId.xForwardedFor, "x-forwarded-for", forwardedFor);
  headerList.encodeTo(block, NOT_TO_UPSTREAM);
  if (wantsTrailers(headerList)) block.text(FieldId.te, "te", "trailers");
  if (bodyLength >= 0) {
    block.text(FieldId.contentLength, "content-length", String(bodyLength));
  } else if (bodyLength === BodyLength.unsaid && anticipatesBody(method)) {
    block.text(FieldId.contentLength, "content-length", "0");
  }
  if (request.expectsContinue) block.text(FieldId.expect, "expect", "100-continue");
}
