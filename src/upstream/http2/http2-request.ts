import { FieldId } from "../../wire/field-names.ts";
import type { HeaderBlock } from "../../wire/http2/message.ts";
import { anticipatesBody, forwardedFor, REQUEST_SKIP, wantsTrailers } from "../request-fields.ts";
import type { UpstreamCall } from "../upstream-call.ts";

/** Puts a request's head into a header block, afresh from its parsed parts (RFC 9113 section 8.3.1). */
export function encodeRequest(block: HeaderBlock, call: UpstreamCall): void {
  const { request, body } = call;
  const { headerList, method } = request;
  const scheme = call.target.pool.address.protocol === "https" ? "https" : "http";
  block.request(method, scheme, call.authority, call.path);
  const via = forwardedFor(request);
  if (via !== "") block.text(FieldId.xForwardedFor, "x-forwarded-for", via);
  headerList.encodeTo(block, REQUEST_SKIP);
  if (wantsTrailers(request)) block.text(FieldId.te, "te", "trailers");
  const length = body === null ? (anticipatesBody(method) ? 0 : -1) : body.length;
  if (length >= 0) block.text(FieldId.contentLength, "content-length", String(length));
  if (call.expectsContinue) block.text(FieldId.expect, "expect", "100-continue");
}
