import { DecodedBlock } from "./decoded-block.ts";

/** Bounds of one decoded header list; beyond them the decoder goes on without storing anything. */
export interface HeaderListLimits {
  /** Bytes of names and values, 32 more for each field (RFC 9113 section 6.5.2). */
  readonly maxHeaderListBytes: number;
  /** Fields, pseudo-header fields among them. */
  readonly maxFields: number;
}

/**
 * Decodes the header blocks of one connection (RFC 7541), in their order.
 */
export class HpackDecoder {
  /**
   * `maxTableSize` is the SETTINGS_HEADER_TABLE_SIZE that goes out with the preface. The peer may use
   * 4,096 bytes until it has acknowledged a smaller one: call `setMaxTableSize` then.
   */
  constructor(_maxTableSize: number, _limits: HeaderListLimits) {}

  /**
   * The peer has acknowledged a SETTINGS_HEADER_TABLE_SIZE. Where it is less than the table's present
   * size, the next block must begin with an update.
   */
  setMaxTableSize(_size: number): void {}

  /** Decodes one whole header block, `bytes[start, end)`, of which nothing is kept. Throws `HpackError`. */
  decode(_bytes: Uint8Array, _start: number, _end: number): DecodedBlock {
    return new DecodedBlock();
  }
}
