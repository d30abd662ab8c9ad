import { flowControlError } from "../connection-error.ts";
import { DEFAULT_WINDOW } from "../frames/frame.ts";
import type { FrameWriter } from "../frames/frame-writer.ts";
import type { Http2Limits } from "../message.ts";
import type { Stream } from "../stream.ts";

/**
 * What the peer may send (RFC 9113 section 5.2): on the connection, and on each stream. Windows are
 * given back once half of one is consumed, so that updates stay few and the peer never runs dry.
 */
export class ReceiveWindow<Owner> {
  /** What a stream begins with: below the protocol's default there would be data on the way before the peer knows. */
  readonly ofStream: number;
  private readonly whole: number;
  private readonly writer: FrameWriter;
  /** The connection's. */
  private size = DEFAULT_WINDOW;
  private consumed = 0;
  private ended = false;

  constructor(limits: Http2Limits, writer: FrameWriter) {
    this.ofStream = Math.max(limits.streamWindow, DEFAULT_WINDOW);
    this.whole = Math.max(limits.connectionWindow, DEFAULT_WINDOW);
    this.writer = writer;
  }

  /** Tells the peer of a connection's window beyond the protocol's default. */
  start(): void {
    const more = this.whole - DEFAULT_WINDOW;
    if (more === 0) return;
    this.writer.windowUpdate(0, more);
    this.size += more;
  }

  /** The session is over: nothing is written any more. */
  end(): void {
    this.ended = true;
  }

  /** DATA of `length` bytes begins, padding included. Throws ConnectionError where the window is smaller. */
  take(length: number): void {
    if (length > this.size) throw flowControlError("DATA beyond the connection's window");
    this.size -= length;
  }

  /** So many bytes of the stream's need no memory any more; never more than have come of it. */
  giveBack(stream: Stream<Owner>, bytes: number): void {
    const count = Math.min(bytes, stream.unconsumed);
    if (count === 0) return;
    stream.unconsumed -= count;
    this.giveBackOfNone(count);
    if (stream.receiveClosed) return;
    stream.consumed += count;
    if (stream.consumed * 2 < this.ofStream) return;
    this.writer.windowUpdate(stream.id, stream.consumed);
    stream.receiveWindow += stream.consumed;
    stream.consumed = 0;
  }

  /** Bytes of a stream that isn't there, or that no reader will consume. */
  giveBackOfNone(bytes: number): void {
    if (this.ended) return;
    this.consumed += bytes;
    if (this.consumed * 2 >= this.whole) this.update(this.consumed);
  }

  /** The connection's window as it was, at once; a byte more where nothing of it was used. */
  returnAll(): void {
    if (!this.ended) this.update(Math.max(1, this.consumed));
  }

  private update(more: number): void {
    this.writer.windowUpdate(0, more);
    this.size += more;
    this.consumed = 0;
  }
}
