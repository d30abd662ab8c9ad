import type { DecodedBlock } from "../field-block/decoded-block.ts";
import { ConnectionError, enhanceYourCalm, protocolError } from "./connection-error.ts";
import { Flag, readUint31 } from "./frames/frame.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import { HpackError } from "./hpack/hpack-error.ts";
import { ErrorCode, type Http2Limits } from "./message.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);
/** HEADERS and CONTINUATION frames that one header block may come in. */
const MAX_FRAMES = 64;
/** Coded, a header block may be so much larger than decoded: Huffman codes of up to 30 bits. */
const CODED_SLACK = 16 * 1024;

/**
 * Puts header blocks together from HEADERS and CONTINUATION frames (RFC 9113 sections 6.2 and 6.10)
 * and decodes them. One at a time: nothing else may come between the frames of one.
 */
export class HeaderBlocks {
  /** Of the block that has begun, and isn't complete; 0 for none. */
  pending = 0;
  /** Of the last block: its stream, and whether that ends with it. */
  stream = 0;
  endsStream = false;
  /** Its priority names its own stream (RFC 7540 section 5.3.1). */
  private onItself = false;
  private readonly maxTableSize: number;
  private readonly maxLength: number;
  private readonly decoder: HpackDecoder;
  private frames = 0;
  private bytes: Uint8Array = NO_BYTES;
  private length = 0;

  constructor(limits: Http2Limits) {
    this.maxTableSize = limits.maxDecoderHeaderTableSize;
    this.maxLength = limits.maxHeaderListBytes + CODED_SLACK;
    this.decoder = new HpackDecoder(this.maxTableSize, limits);
  }

  /** The peer has acknowledged our SETTINGS: its encoder keeps to them from now on. */
  settingsAcknowledged(): void {
    this.decoder.setMaxTableSize(this.maxTableSize);
  }

  /** The payload of HEADERS. Null where CONTINUATION has to follow. Throws ConnectionError. */
  headers(
    flags: number,
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): DecodedBlock | null {
    if (id === 0) throw protocolError("HEADERS on stream 0");
    let at = start;
    let stop = end;
    if ((flags & Flag.padded) !== 0) {
      if (at === stop) throw protocolError("Padded HEADERS without a pad length");
      stop -= bytes[at++];
    }
    this.onItself = false;
    if ((flags & Flag.priority) !== 0) {
      this.onItself = at + 5 <= stop && readUint31(bytes, at) === id;
      at += 5;
    }
    if (at > stop) throw protocolError("HEADERS shorter than their padding and priority");
    this.stream = id;
    this.endsStream = (flags & Flag.endStream) !== 0;
    if ((flags & Flag.endHeaders) !== 0) return this.decode(bytes, at, stop);
    this.pending = id;
    this.frames = 0;
    this.add(bytes, at, stop);
    return null;
  }

  /** The payload of CONTINUATION. Null where another one has to follow. Throws ConnectionError. */
  continuation(flags: number, bytes: Uint8Array, start: number, end: number): DecodedBlock | null {
    if (this.pending === 0) throw protocolError("CONTINUATION without HEADERS");
    this.add(bytes, start, end);
    if ((flags & Flag.endHeaders) === 0) return null;
    const { bytes: whole, length } = this;
    this.pending = 0;
    this.bytes = NO_BYTES;
    this.length = 0;
    return this.decode(whole, 0, length);
  }

  private add(bytes: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start;
    if (++this.frames > MAX_FRAMES || length > this.maxLength) {
      throw enhanceYourCalm("A header block without an end");
    }
    if (length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(length, this.bytes.length * 2, 1024));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(bytes.subarray(start, end), this.length);
    this.length = length;
  }

  private decode(bytes: Uint8Array, start: number, end: number): DecodedBlock {
    let block: DecodedBlock;
    try {
      block = this.decoder.decode(bytes, start, end);
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      throw new ConnectionError(ErrorCode.compressionError, error.message);
    }
    if (this.onItself) block.fault ??= "A stream that depends on itself";
    return block;
  }
}
