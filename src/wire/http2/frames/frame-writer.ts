import type { Http2Output } from "../message.ts";
import { DEFAULT_FRAME_SIZE, Flag, FRAME_HEADER, FrameType } from "./frame.ts";

/** A payload of this size goes out with its header in one piece. */
const SMALL = 1024;

/** Writes frames (RFC 9113 section 6) into an output. */
export class FrameWriter {
  /** The peer's SETTINGS_MAX_FRAME_SIZE. */
  maxFrameSize = DEFAULT_FRAME_SIZE;
  private readonly output: Http2Output;

  constructor(output: Http2Output) {
    this.output = output;
  }

  bytes(bytes: Uint8Array): void {
    this.output.write(bytes, 0, bytes.length);
  }

  data(stream: number, bytes: Uint8Array, start: number, end: number, last: boolean): void {
    const length = end - start;
    const flags = last ? Flag.endStream : 0;
    if (length > SMALL) {
      const at = this.output.reserve(FRAME_HEADER);
      this.output.commit(this.header(at, length, FrameType.data, flags, stream));
      this.output.write(bytes, start, end);
      return;
    }
    let at = this.output.reserve(FRAME_HEADER + length);
    at = this.header(at, length, FrameType.data, flags, stream);
    const { buffer } = this.output;
    for (let i = start; i < end; i++) buffer[at++] = bytes[i];
    this.output.commit(at);
  }

  /** HEADERS, and CONTINUATION where the block is longer than a frame. */
  headers(stream: number, block: Uint8Array, length: number, end: boolean): void {
    let sent = 0;
    let type: number = FrameType.headers;
    let flags: number = end ? Flag.endStream : 0;
    do {
      const size = Math.min(length - sent, this.maxFrameSize);
      if (sent + size === length) flags |= Flag.endHeaders;
      let at = this.output.reserve(FRAME_HEADER + size);
      at = this.header(at, size, type, flags, stream);
      this.output.buffer.set(block.subarray(sent, sent + size), at);
      this.output.commit(at + size);
      sent += size;
      type = FrameType.continuation;
      flags = 0;
    } while (sent < length);
  }

  rstStream(stream: number, code: number): void {
    this.number(FrameType.rstStream, stream, code);
  }

  windowUpdate(stream: number, increment: number): void {
    this.number(FrameType.windowUpdate, stream, increment);
  }

  settings(pairs: readonly (readonly [id: number, value: number])[]): void {
    let at = this.output.reserve(FRAME_HEADER + pairs.length * 6);
    at = this.header(at, pairs.length * 6, FrameType.settings, 0, 0);
    const { buffer } = this.output;
    for (const [id, value] of pairs) {
      buffer[at++] = id >>> 8;
      buffer[at++] = id;
      at = putUint32(buffer, at, value);
    }
    this.output.commit(at);
  }

  settingsAck(): void {
    const at = this.output.reserve(FRAME_HEADER);
    this.output.commit(this.header(at, 0, FrameType.settings, Flag.ack, 0));
  }

  /** `opaque[start, start + 8)` is the payload. */
  ping(opaque: Uint8Array, start: number, ack: boolean): void {
    let at = this.output.reserve(FRAME_HEADER + 8);
    at = this.header(at, 8, FrameType.ping, ack ? Flag.ack : 0, 0);
    const { buffer } = this.output;
    for (let i = 0; i < 8; i++) buffer[at++] = opaque[start + i];
    this.output.commit(at);
  }

  goAway(lastStream: number, code: number): void {
    let at = this.output.reserve(FRAME_HEADER + 8);
    at = this.header(at, 8, FrameType.goAway, 0, 0);
    at = putUint32(this.output.buffer, at, lastStream);
    this.output.commit(putUint32(this.output.buffer, at, code));
  }

  /** A frame whose payload is one number of 32 bits. */
  private number(type: number, stream: number, value: number): void {
    let at = this.output.reserve(FRAME_HEADER + 4);
    at = this.header(at, 4, type, 0, stream);
    this.output.commit(putUint32(this.output.buffer, at, value));
  }

  private header(at: number, length: number, type: number, flags: number, stream: number): number {
    const { buffer } = this.output;
    buffer[at++] = length >>> 16;
    buffer[at++] = length >>> 8;
    buffer[at++] = length;
    buffer[at++] = type;
    buffer[at++] = flags;
    return putUint32(buffer, at, stream);
  }
}

function putUint32(buffer: Uint8Array, at: number, value: number): number {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
  return at + 4;
}
