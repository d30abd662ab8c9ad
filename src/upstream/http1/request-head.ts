import { latin1Bytes, writeBytes, writeLatin1 } from "../../core/bytes.ts";
import type { LazyRequest } from "../../http/lazy/lazy-request.ts";
import type { ConnectionWriter } from "../../net/connection-writer.ts";
import { anticipatesBody, forwardedFor, REQUEST_SKIP, wantsTrailers } from "../request-fields.ts";

const VERSION_AND_HOST = latin1Bytes(" HTTP/1.1\r\nHost: ");
const FORWARDED_FOR = latin1Bytes("\r\nX-Forwarded-For: ");
const CRLF = latin1Bytes("\r\n");
const CONTENT_LENGTH = latin1Bytes("Content-Length: ");
const CHUNKED = latin1Bytes("Transfer-Encoding: chunked\r\n");
const TE_TRAILERS = latin1Bytes("TE: trailers\r\n");
const EXPECT = latin1Bytes("Expect: 100-continue\r\n");
const UPGRADE = latin1Bytes("Connection: Upgrade\r\nUpgrade: ");
const FIXED = 256;

export interface RequestHeadOptions {
  /** What the upstream's Host field says. */
  host: string;
  /** Origin form, or "*". */
  target: string;
  /** Content-Length; -1 for chunked, -2 for no body. */
  bodyLength: number;
  expectContinue: boolean;
}

/**
 * Writes a request's head for an upstream, afresh from its parsed parts (never the received bytes
 * as a whole), and leaves it in the writer unflushed.
 */
export function writeRequestHead(
  writer: ConnectionWriter,
  request: LazyRequest,
  options: RequestHeadOptions,
): void {
  const { headerList, method, upgrade } = request;
  const { host, target, bodyLength } = options;
  const via = forwardedFor(request);

  let at = writer.reserve(
    headerList.byteLength +
      method.length +
      target.length +
      host.length +
      via.length +
      upgrade.length +
      FIXED,
  );
  const { buffer } = writer;
  at = writeLatin1(buffer, at, method);
  buffer[at++] = 0x20;
  at = writeLatin1(buffer, at, target);
  at = writeBytes(buffer, at, VERSION_AND_HOST);
  at = writeLatin1(buffer, at, host);
  if (via !== "") {
    at = writeBytes(buffer, at, FORWARDED_FOR);
    at = writeLatin1(buffer, at, via);
  }
  at = writeBytes(buffer, at, CRLF);
  at = headerList.writeTo(buffer, at, REQUEST_SKIP);
  if (wantsTrailers(request)) at = writeBytes(buffer, at, TE_TRAILERS);
  if (upgrade !== "") {
    at = writeBytes(buffer, at, UPGRADE);
    at = writeLatin1(buffer, at, upgrade);
    at = writeBytes(buffer, at, CRLF);
  }
  if (bodyLength >= 0 || (bodyLength === -2 && anticipatesBody(method))) {
    at = writeBytes(buffer, at, CONTENT_LENGTH);
    at = writeLatin1(buffer, at, String(Math.max(bodyLength, 0)));
    at = writeBytes(buffer, at, CRLF);
  } else if (bodyLength === -1) {
    at = writeBytes(buffer, at, CHUNKED);
  }
  if (options.expectContinue) at = writeBytes(buffer, at, EXPECT);
  at = writeBytes(buffer, at, CRLF);
  writer.commit(at);
}
