import { latin1Bytes, writeBytes, writeLatin1 } from "../../core/bytes.ts";
import type { ConnectionWriter } from "../../net/connection-writer.ts";
import { BodyLength } from "../body-length.ts";
import { NOT_TO_UPSTREAM } from "../field-sets.ts";
import { anticipatesBody, type OutgoingRequest, wantsTrailers } from "../outgoing-request.ts";

const VERSION_AND_HOST = latin1Bytes(" HTTP/1.1\r\nHost: ");
const FORWARDED_FOR = latin1Bytes("\r\nX-Forwarded-For: ");
const CRLF = latin1Bytes("\r\n");
const CONTENT_LENGTH = latin1Bytes("Content-Length: ");
const NO_CONTENT = latin1Bytes("Content-Length: 0\r\n");
const CHUNKED = latin1Bytes("Transfer-Encoding: chunked\r\n");
const TE_TRAILERS = latin1Bytes("TE: trailers\r\n");
const EXPECT = latin1Bytes("Expect: 100-continue\r\n");
const UPGRADE = latin1Bytes("Connection: Upgrade\r\nUpgrade: ");
/** More than all of those together, with a length's digits. */
const FIXED = 256;

/** Writes a request's head (RFC 9112 section 3) into the writer, unflushed. A body of open length is chunked. */
export function writeRequestHead(writer: ConnectionWriter, request: OutgoingRequest): void {
  const { method, path, authority, headerList, forwardedFor, upgrade, bodyLength } = request;
  let at = writer.reserve(
    headerList.byteLength +
      method.length +
      path.length +
      authority.length +
      forwardedFor.length +
      upgrade.length +
      FIXED,
  );
  const { buffer } = writer;
  at = writeLatin1(buffer, at, method);
  buffer[at++] = 0x20;
  at = writeLatin1(buffer, at, path);
  at = writeBytes(buffer, at, VERSION_AND_HOST);
  at = writeLatin1(buffer, at, authority);
  if (forwardedFor !== "") {
    at = writeBytes(buffer, at, FORWARDED_FOR);
    at = writeLatin1(buffer, at, forwardedFor);
  }
  at = writeBytes(buffer, at, CRLF);
  at = headerList.writeTo(buffer, at, NOT_TO_UPSTREAM);
  if (wantsTrailers(headerList)) at = writeBytes(buffer, at, TE_TRAILERS);
  if (upgrade !== "") {
    at = writeBytes(buffer, at, UPGRADE);
    at = writeLatin1(buffer, at, upgrade);
    at = writeBytes(buffer, at, CRLF);
  }
  if (bodyLength >= 0) {
    at = writeBytes(buffer, at, CONTENT_LENGTH);
    at = writeLatin1(buffer, at, String(bodyLength));
    at = writeBytes(buffer, at, CRLF);
  } else if (bodyLength === BodyLength.open) {
    at = writeBytes(buffer, at, CHUNKED);
  } else if (anticipatesBody(method)) {
    at = writeBytes(buffer, at, NO_CONTENT);
  }
  if (request.expectsContinue) at = writeBytes(buffer, at, EXPECT);
  at = writeBytes(buffer, at, CRLF);
  writer.commit(at);
}
