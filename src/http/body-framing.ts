import type { ConnectionWriter } from "../net/connection-writer.ts";
import { NOT_IN_TRAILERS } from "../wire/field-sets.ts";
import type { HeaderList } from "../wire/header-list.ts";
import { CHUNK_HEAD_MAX, writeChunkHead, writeLastChunk } from "../wire/http1/chunk-encoder.ts";

/** Writes a piece of a body, with chunked framing (RFC 9112 section 7.1) where `chunked`. */
export function writeBodyChunk(
  writer: ConnectionWriter,
  bytes: Uint8Array,
  start: number,
  end: number,
  chunked: boolean,
): void {
  if (!chunked) {
    writer.write(bytes, start, end);
    return;
  }
  let at = writer.reserve(CHUNK_HEAD_MAX);
  writer.commit(writeChunkHead(writer.buffer, at, end - start));
  writer.write(bytes, start, end);
  at = writer.reserve(2);
  writer.buffer[at++] = 0x0d;
  writer.buffer[at++] = 0x0a;
  writer.commit(at);
}

/** Writes the last chunk and the trailer section, without what may not stand there. */
export function writeBodyEnd(writer: ConnectionWriter, trailers: HeaderList | null): void {
  let at = writer.reserve(8 + (trailers?.byteLength ?? 0));
  at = writeLastChunk(writer.buffer, at);
  if (trailers !== null) at = trailers.writeTo(writer.buffer, at, NOT_IN_TRAILERS);
  writer.buffer[at++] = 0x0d;
  writer.buffer[at++] = 0x0a;
  writer.commit(at);
}
