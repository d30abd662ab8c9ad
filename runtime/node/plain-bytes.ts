import type { Buffer } from "node:buffer";

/** The same bytes as what they are everywhere else: a Buffer's `slice` doesn't copy. */
export function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
