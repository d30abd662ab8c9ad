import { Closed } from "./closed-streams.ts";
import { enhanceYourCalm, frameSizeError, protocolError } from "./connection-error.ts";
import type { FloodGuard } from "./flow/flood-guard.ts";
import type { SendWindow } from "./flow/send-window.ts";
import { LARGEST_WINDOW, readUint31, readUint32 } from "./frames/frame.ts";
import { ErrorCode, type Http2Sink } from "./message.ts";
import type { Streams } from "./streams.ts";

/** Takes the frames that are about a stream's state and carry none of its message. All throw ConnectionError. */
export class StreamControl<Owner> {
  private readonly server: boolean;
  private readonly sink: Http2Sink<Owner>;
  private readonly guard: FloodGuard;
  private readonly window: SendWindow<Owner>;
  private readonly streams: Streams<Owner>;

  constructor(
    server: boolean,
    sink: Http2Sink<Owner>,
    guard: FloodGuard,
    window: SendWindow<Owner>,
    streams: Streams<Owner>,
  ) {
    this.server = server;
    this.sink = sink;
    this.guard = guard;
    this.window = window;
    this.streams = streams;
  }

  /** RFC 9113 section 6.9. */
  windowUpdate(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 4) throw frameSizeError("WINDOW_UPDATE without 4 bytes");
    this.guard.countControl();
    const increment = readUint31(bytes, start);
    if (id === 0) {
      if (increment === 0) throw protocolError("WINDOW_UPDATE of 0");
      this.window.widen(increment);
      return;
    }
    const { streams } = this;
    const stream = streams.open.get(id);
    if (stream === undefined) {
      if (streams.isIdle(id)) throw protocolError("WINDOW_UPDATE on an idle stream");
      if (increment === 0) streams.resetUnknown(id, ErrorCode.protocolError);
      return;
    }
    if (increment === 0) {
      streams.error(stream, ErrorCode.protocolError);
      return;
    }
    stream.sendWindow += increment;
    if (stream.sendWindow > LARGEST_WINDOW) streams.error(stream, ErrorCode.flowControlError);
    else if (stream.blocked) this.window.wake();
  }

  /** RFC 9113 section 6.4. */
  rstStream(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 4) throw frameSizeError("RST_STREAM without 4 bytes");
    if (id === 0) throw protocolError("RST_STREAM on stream 0");
    const stream = this.streams.open.get(id);
    if (stream === undefined) {
      if (this.streams.isIdle(id)) throw protocolError("RST_STREAM on an idle stream");
      this.guard.countControl();
      return;
    }
    // A client that has waited for a part of the response and has enough of it (an event stream, a film)
    // gets no more work out of us than by taking all of it.
    if (this.server && !stream.bodySent && !this.guard.reset()) {
      throw enhanceYourCalm("Too many streams were reset");
    }
    this.streams.remove(stream, Closed.known);
    this.sink.streamReset(stream, readUint32(bytes, start), true);
  }

  /** RFC 9113 section 6.3: nothing comes of it, but it may be wrong. */
  priority(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id === 0) throw protocolError("PRIORITY on stream 0");
    this.guard.countControl();
    if (end - start !== 5) this.streams.errorOn(id, ErrorCode.frameSizeError);
    else if (readUint31(bytes, start) === id) this.streams.errorOn(id, ErrorCode.protocolError);
  }

  /** The peer's GOAWAY: it has certainly not looked at streams of ours above `last`. */
  refuseAbove(last: number): void {
    const { streams } = this;
    for (const stream of [...streams.open.values()]) {
      // The sink may have reset others of them meanwhile.
      if (stream.id <= last || !streams.open.has(stream.id)) continue;
      streams.remove(stream, Closed.known);
      this.sink.streamReset(stream, ErrorCode.refusedStream, true);
    }
  }
}
