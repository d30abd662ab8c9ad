import { latin1Bytes, writeBytes, writeLatin1 } from "../../core/bytes.ts";
import { dateLine } from "../../http/date.ts";
import { type LazyResponse, reasonOf } from "../../http/lazy/lazy-response.ts";
import type { ConnectionWriter } from "../../net/connection-writer.ts";
import { BodyLength } from "../../wire/body-length.ts";
import { FieldId } from "../../wire/field-names.ts";
import { NOT_IN_HTTP1_RESPONSE } from "../../wire/field-sets.ts";

const CLOSE = latin1Bytes("Connection: close\r\n");
const KEEP_ALIVE = latin1Bytes("Connection: keep-alive\r\n");
const UPGRADE = latin1Bytes("Connection: Upgrade\r\nUpgrade: ");
const CHUNKED = latin1Bytes("Transfer-Encoding: chunked\r\n");
const CONTENT_LENGTH = latin1Bytes("Content-Length: ");
const FIXED = 256;

const STATUS_LINES = new Map<number, Uint8Array>();

function statusLine(status: number, reason: string): Uint8Array {
  if (reason !== reasonOf(status)) return latin1Bytes(`HTTP/1.1 ${status} ${reason}\r\n`);
  let line = STATUS_LINES.get(status);
  if (line === undefined) {
    line = latin1Bytes(`HTTP/1.1 ${status} ${reason}\r\n`);
    STATUS_LINES.set(status, line);
  }
  return line;
}

/** What the `Connection` field says. */
export const Persistence = {
  /** Nothing to say: HTTP/1.1 persists by default. */
  implied: 0,
  close: 1,
  /** Said aloud to an HTTP/1.0 client. */
  keepAlive: 2,
} as const;
export type Persistence = (typeof Persistence)[keyof typeof Persistence];

/** Writes a response's head into the writer, unflushed. A body of open length is chunked. `upgrade` names the protocol of a 101, else "". */
export function writeResponseHead(
  writer: ConnectionWriter,
  response: LazyResponse,
  bodyLength: number,
  persistence: Persistence,
  upgrade = "",
): void {
  const { headerList } = response;
  const line = statusLine(response.status, response.reason);
  let at = writer.reserve(headerList.byteLength + line.length + upgrade.length + FIXED);
  const { buffer } = writer;
  at = writeBytes(buffer, at, line);
  at = headerList.writeTo(buffer, at, NOT_IN_HTTP1_RESPONSE);
  if (response.status >= 200 && headerList.findId(FieldId.date) < 0)
    at = writeBytes(buffer, at, dateLine());
  if (bodyLength >= 0) {
    at = writeBytes(buffer, at, CONTENT_LENGTH);
    at = writeLatin1(buffer, at, String(bodyLength));
    buffer[at++] = 0x0d;
    buffer[at++] = 0x0a;
  } else if (bodyLength === BodyLength.open) {
    at = writeBytes(buffer, at, CHUNKED);
  }
  if (upgrade !== "") {
    at = writeBytes(buffer, at, UPGRADE);
    at = writeLatin1(buffer, at, upgrade);
    buffer[at++] = 0x0d;
    buffer[at++] = 0x0a;
  } else if (persistence === Persistence.close) {
    at = writeBytes(buffer, at, CLOSE);
  } else if (persistence === Persistence.keepAlive) {
    at = writeBytes(buffer, at, KEEP_ALIVE);
  }
  buffer[at++] = 0x0d;
  buffer[at++] = 0x0a;
  writer.commit(at);
}
