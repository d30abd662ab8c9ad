/**
 * A header block that can't be decoded: a connection error of type COMPRESSION_ERROR (RFC 9113
 * section 4.3), as both sides' tables may differ from here on. The decoder must not be used again.
 */
export class HpackError extends Error {
  override readonly name = "HpackError";
}
