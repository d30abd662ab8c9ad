import { FRAME_HEADER, FrameType, readUint31 } from "./frame.ts";

/** Hears of frames in order. Whatever it throws ends the reading. */
export interface FrameHandler {
  /** A frame begins. The payload has `length` bytes. */
  frameBegin(type: number, flags: number, stream: number, length: number): void;
  /** A piece of a DATA frame's payload, padding included, as it comes. */
  dataPiece(bytes: Uint8Array, start: number, end: number): void;
  /** A DATA frame is complete. */
  dataEnd(): void;
  /** The payload of any other frame, whole. */
  framePayload(
    type: number,
    flags: number,
    stream: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void;
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * Takes a byte stream apart into frames (RFC 9113 section 4.1). DATA is handed on as it comes and
 * never kept; other frames are put together where they come in pieces, up to the length that
 * `frameBegin` let pass.
 */
export class FrameReader {
  private readonly handler: FrameHandler;
  private readonly header = new Uint8Array(FRAME_HEADER);
  private headerLength = 0;
  private type = 0;
  private flags = 0;
  private stream = 0;
  /** Bytes that the present frame's payload still lacks. */
  private missing = 0;
  private inPayload = false;
  /** The payload so far, of a frame that came in pieces. */
  private partial: Uint8Array = NO_BYTES;
  private partialLength = 0;
  private stopped = false;

  constructor(handler: FrameHandler) {
    this.handler = handler;
  }

  /** In the middle of a frame. */
  get inFrame(): boolean {
    return this.inPayload || this.headerLength > 0;
  }

  /** Behind the present frame `read` returns. */
  stop(): void {
    this.stopped = true;
  }

  /** Returns the offset behind what was read: `end`, but for `stop`. */
  read(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    this.stopped = false;
    while (at < end && !this.stopped) {
      if (!this.inPayload) {
        if (this.headerLength === 0 && end - at >= FRAME_HEADER) {
          this.begin(bytes, at);
          at += FRAME_HEADER;
        } else {
          this.header[this.headerLength++] = bytes[at++];
          if (this.headerLength < FRAME_HEADER) continue;
          this.headerLength = 0;
          this.begin(this.header, 0);
        }
        if (this.missing > 0) continue;
      }
      at = this.payload(bytes, at, end);
    }
    return at;
  }

  private begin(bytes: Uint8Array, at: number): void {
    this.missing = (bytes[at] << 16) | (bytes[at + 1] << 8) | bytes[at + 2];
    this.type = bytes[at + 3];
    this.flags = bytes[at + 4];
    this.stream = readUint31(bytes, at + 5);
    this.handler.frameBegin(this.type, this.flags, this.stream, this.missing);
    this.inPayload = true;
  }

  /** Takes what is there of the payload; returns the offset behind it. */
  private payload(bytes: Uint8Array, at: number, end: number): number {
    const stop = Math.min(end, at + this.missing);
    this.missing -= stop - at;
    const complete = this.missing === 0;
    if (complete) this.inPayload = false;
    if (this.type === FrameType.data) {
      if (stop > at) this.handler.dataPiece(bytes, at, stop);
      if (complete) this.handler.dataEnd();
    } else if (complete && this.partialLength === 0) {
      this.handler.framePayload(this.type, this.flags, this.stream, bytes, at, stop);
    } else {
      this.keep(bytes, at, stop);
      if (complete) this.deliver();
    }
    return stop;
  }

  private keep(bytes: Uint8Array, start: number, end: number): void {
    if (this.partialLength === 0) this.partial = new Uint8Array(end - start + this.missing);
    this.partial.set(bytes.subarray(start, end), this.partialLength);
    this.partialLength += end - start;
  }

  private deliver(): void {
    const { partial, partialLength } = this;
    this.partial = NO_BYTES;
    this.partialLength = 0;
    this.handler.framePayload(this.type, this.flags, this.stream, partial, 0, partialLength);
  }
}
