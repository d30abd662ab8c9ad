import { Closed } from "../closed-streams.ts";
import { flowControlError, protocolError } from "../connection-error.ts";
import {
  DEFAULT_FRAME_SIZE,
  LARGEST_FRAME_SIZE,
  LARGEST_WINDOW,
  Setting,
} from "../frames/frame.ts";
import type { FrameWriter } from "../frames/frame-writer.ts";
import { HpackEncoder } from "../hpack/encoder.ts";
import type { HeaderBlock, Http2Limits } from "../message.ts";
import type { Stream } from "../stream.ts";
import type { Streams } from "../streams.ts";
import type { FloodGuard } from "./flood-guard.ts";
import type { SendWindow } from "./send-window.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

/**
 * Pieces that a window cuts below this are no useful work: where windows open byte by byte, each
 * update would make a frame and so pay for the next update (CVE-2019-9511).
 */
const WORTHWHILE = 256;

/** Sends heads, bodies and resets, as far as the peer's settings and windows let it. */
export class Sender<Owner> {
  /** The peer's SETTINGS_MAX_CONCURRENT_STREAMS. */
  maxStreams = Number.POSITIVE_INFINITY;
  /** The peer's SETTINGS_MAX_HEADER_LIST_SIZE, which it may have no better answer to than to leave. */
  maxHeaderListBytes = Number.POSITIVE_INFINITY;
  private readonly server: boolean;
  private readonly writer: FrameWriter;
  private readonly guard: FloodGuard;
  private readonly window: SendWindow<Owner>;
  private readonly streams: Streams<Owner>;
  private readonly encoder: HpackEncoder;
  private encoding = false;

  constructor(
    server: boolean,
    limits: Http2Limits,
    writer: FrameWriter,
    guard: FloodGuard,
    window: SendWindow<Owner>,
    streams: Streams<Owner>,
  ) {
    this.server = server;
    this.writer = writer;
    this.guard = guard;
    this.window = window;
    this.streams = streams;
    this.encoder = new HpackEncoder(limits.maxEncoderHeaderTableSize);
  }

  get block(): HeaderBlock {
    if (!this.encoding) {
      this.encoding = true;
      this.encoder.begin();
    }
    return this.encoder;
  }

  head(stream: Stream<Owner>, end: boolean): void {
    const { encoder } = this;
    if (!this.encoding) encoder.begin();
    this.encoding = false;
    if (stream.sendClosed) {
      encoder.discard();
      return;
    }
    this.writer.headers(stream.id, encoder.buffer, encoder.length, end);
    if (end) this.streams.closeSend(stream);
  }

  data(
    stream: Stream<Owner>,
    bytes: Uint8Array,
    start: number,
    end: number,
    last: boolean,
  ): number {
    if (stream.sendClosed) return end - start;
    const { writer, window } = this;
    let at = start;
    while (at < end) {
      const size = Math.min(end - at, writer.maxFrameSize, window.size, stream.sendWindow);
      if (size <= 0) {
        window.wait(stream);
        return at - start;
      }
      writer.data(stream.id, bytes, at, at + size, last && at + size === end);
      window.size -= size;
      stream.sendWindow -= size;
      stream.bodySent = true;
      at += size;
      if (at === end || size >= WORTHWHILE) this.guard.worked();
    }
    if (last) {
      if (start === end) writer.data(stream.id, NO_BYTES, 0, 0, true);
      this.streams.closeSend(stream);
    }
    return end - start;
  }

  reset(stream: Stream<Owner>, code: number): void {
    this.writer.rstStream(stream.id, code);
    this.streams.remove(stream, Closed.reset);
  }

  /** One of the peer's SETTINGS (RFC 9113 section 6.5.2). Throws ConnectionError. */
  applySetting(id: number, value: number): void {
    switch (id) {
      case Setting.headerTableSize:
        this.encoder.setPeerTableSize(value);
        break;
      case Setting.enablePush:
        if (value > 1 || (value === 1 && !this.server)) {
          throw protocolError(`SETTINGS_ENABLE_PUSH is ${value}`);
        }
        break;
      case Setting.maxConcurrentStreams:
        this.maxStreams = value;
        break;
      case Setting.maxHeaderListSize:
        this.maxHeaderListBytes = value;
        break;
      case Setting.initialWindowSize:
        this.changeWindows(value);
        break;
      case Setting.maxFrameSize:
        if (value < DEFAULT_FRAME_SIZE || value > LARGEST_FRAME_SIZE) {
          throw protocolError(`SETTINGS_MAX_FRAME_SIZE is ${value}`);
        }
        this.writer.maxFrameSize = value;
        break;
    }
  }

  /** Streams that are there get the difference, and may be below zero then (RFC 9113 section 6.9.2). */
  private changeWindows(size: number): void {
    if (size > LARGEST_WINDOW) throw flowControlError("SETTINGS_INITIAL_WINDOW_SIZE above 2^31-1");
    const change = size - this.window.ofStream;
    this.window.ofStream = size;
    for (const stream of this.streams.open.values()) {
      stream.sendWindow += change;
      if (stream.sendWindow > LARGEST_WINDOW) throw flowControlError("A window above 2^31-1");
    }
  }
}
