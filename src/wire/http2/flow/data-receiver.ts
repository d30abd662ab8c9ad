import { Closed } from "../closed-streams.ts";
import { protocolError } from "../connection-error.ts";
import { Flag } from "../frames/frame.ts";
import { ErrorCode, type Http2Sink } from "../message.ts";
import type { MessageReceiver } from "../message-receiver.ts";
import type { Stream } from "../stream.ts";
import type { Streams } from "../streams.ts";
import type { FloodGuard } from "./flood-guard.ts";
import type { ReceiveWindow } from "./receive-window.ts";

const NO_BYTES: Uint8Array = new Uint8Array(0);

/** Takes DATA (RFC 9113 section 6.1) as it comes: counts it, cuts the padding off, hands the rest on. */
export class DataReceiver<Owner> {
  private readonly sink: Http2Sink<Owner>;
  private readonly guard: FloodGuard;
  private readonly window: ReceiveWindow<Owner>;
  private readonly streams: Streams<Owner>;
  private readonly messages: MessageReceiver<Owner>;
  /** Of the frame that is coming in; null where no stream wants it. */
  private stream: Stream<Owner> | null = null;
  private flags = 0;
  /** What the frame's payload still lacks. */
  private left = 0;
  /** How much of the payload's end is padding. */
  private padding = 0;
  private padLengthDue = false;

  constructor(
    sink: Http2Sink<Owner>,
    guard: FloodGuard,
    window: ReceiveWindow<Owner>,
    streams: Streams<Owner>,
    messages: MessageReceiver<Owner>,
  ) {
    this.sink = sink;
    this.guard = guard;
    this.window = window;
    this.streams = streams;
    this.messages = messages;
  }

  begin(flags: number, id: number, length: number): void {
    if (id === 0) throw protocolError("DATA on stream 0");
    const stream = this.streams.open.get(id) ?? null;
    if (stream === null && this.streams.isIdle(id)) throw protocolError("DATA on an idle stream");
    this.window.take(length);
    this.flags = flags;
    this.left = length;
    this.padding = 0;
    this.padLengthDue = (flags & Flag.padded) !== 0;
    if (this.padLengthDue && length === 0) throw protocolError("Padded DATA without a pad length");
    this.stream = null;
    if (stream === null) {
      this.onNoStream(id, length);
    } else if (this.admits(stream, length)) {
      this.stream = stream;
      if (length === 0 && (flags & Flag.endStream) === 0) this.guard.countControl();
    }
  }

  /**
   * After our reset more may be on its way, for longer than a busy connection remembers the stream.
   * The connection gets its window back.
   */
  private onNoStream(id: number, length: number): void {
    const way = this.streams.wayOf(id);
    if (way !== Closed.known && this.guard.lateData(length)) return;
    if (way === Closed.reset) this.guard.countControl();
    else this.streams.resetUnknown(id, ErrorCode.streamClosed);
  }

  private admits(stream: Stream<Owner>, length: number): boolean {
    if (stream.receiveClosed) {
      this.streams.error(stream, ErrorCode.streamClosed);
    } else if (!stream.headReceived) {
      this.streams.error(stream, ErrorCode.protocolError);
    } else if (length > stream.receiveWindow) {
      this.streams.error(stream, ErrorCode.flowControlError);
    } else {
      stream.receiveWindow -= length;
      return true;
    }
    return false;
  }

  piece(bytes: Uint8Array, start: number, end: number): void {
    this.left -= end - start;
    let at = start;
    if (this.padLengthDue) this.readPadLength(bytes[at++], end - at);
    const { stream } = this;
    // Its owner may have reset it since the frame began.
    if (stream === null || stream.receiveClosed) {
      this.window.giveBackOfNone(end - start);
      return;
    }
    stream.unconsumed += end - start;
    // Without the padding, of which a part may be behind this piece.
    const stop = Math.max(at, Math.min(end, end - (this.padding - this.left)));
    const length = stop - at;
    if (length < end - start) this.window.giveBack(stream, end - start - length);
    if (length === 0) return;
    stream.received += length;
    if (stream.contentLength >= 0 && stream.received > stream.contentLength) {
      this.streams.error(stream, ErrorCode.protocolError);
      return;
    }
    this.guard.worked();
    this.sink.streamData(stream, bytes, at, stop);
  }

  /** `there`: bytes behind it in the same piece. */
  private readPadLength(padding: number, there: number): void {
    const payload = this.left + there;
    if (padding > payload) throw protocolError("More padding than DATA");
    if (padding === payload && (this.flags & Flag.endStream) === 0) this.guard.countControl();
    this.padLengthDue = false;
    this.padding = padding;
  }

  end(): void {
    const { stream } = this;
    this.stream = null;
    if (stream === null || stream.receiveClosed) return;
    if ((this.flags & Flag.endStream) !== 0) this.messages.end(stream, null, NO_BYTES);
  }
}
