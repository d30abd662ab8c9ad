/**
 * The sending side of the chunked transfer coding (RFC 9112 section 7.1), into a buffer that the
 * caller has made room in. A message's body is
 *
 *     writeChunkHead, data, CRLF     for each piece
 *     writeLastChunk, trailer fields, CRLF
 */

const CR = 0x0d;
const LF = 0x0a;

/** The most bytes that `writeChunkHead` writes: a size up to 2^53-1 in hexadecimal, and CRLF. */
export const CHUNK_HEAD_MAX = 16;

/**
 * Writes the chunk-size line of a chunk of `size` bytes and returns the offset behind it.
 * `size` is an integer from 1 to 2^53-1: a chunk of size 0 would end the body.
 */
export function writeChunkHead(target: Uint8Array, at: number, size: number): number {
  let scale = 1;
  while (scale * 16 <= size) scale *= 16;
  // Division, not shifts: sizes may be above 2^32.
  for (; scale >= 1; scale /= 16) {
    const digit = Math.floor(size / scale) % 16;
    target[at++] = digit < 10 ? 0x30 + digit : 0x57 + digit;
  }
  target[at++] = CR;
  target[at++] = LF;
  return at;
}

/** Writes the last chunk's line, `0 CRLF`, and returns the offset behind it. Trailers and CRLF follow. */
export function writeLastChunk(target: Uint8Array, at: number): number {
  target[at++] = 0x30;
  target[at++] = CR;
  target[at++] = LF;
  return at;
}
