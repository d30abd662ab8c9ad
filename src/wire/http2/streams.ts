import { Closed, ClosedStreams } from "./closed-streams.ts";
import { enhanceYourCalm } from "./connection-error.ts";
import type { FloodGuard } from "./flow/flood-guard.ts";
import type { ReceiveWindow } from "./flow/receive-window.ts";
import type { SendWindow } from "./flow/send-window.ts";
import { LARGEST_STREAM } from "./frames/frame.ts";
import type { FrameWriter } from "./frames/frame-writer.ts";
import type { Http2Sink } from "./message.ts";
import { Stream } from "./stream.ts";

/** The streams of a connection: which there are, which there were, and how they come to their ends. */
export class Streams<Owner> {
  /** Those that are not done on both sides. All are of one side: the client's. */
  readonly open = new Map<number, Stream<Owner>>();
  /** The highest number that the peer has used. */
  lastOfPeer = 0;
  /** The last one that our final GOAWAY named: those above are refused. -1 before it. */
  finalOfPeer = -1;
  private nextOwn = 1;
  private readonly server: boolean;
  private readonly guard: FloodGuard;
  private readonly writer: FrameWriter;
  private readonly sink: Http2Sink<Owner>;
  private readonly receiveWindow: ReceiveWindow<Owner>;
  private readonly sendWindow: SendWindow<Owner>;
  private readonly closed = new ClosedStreams();

  constructor(
    server: boolean,
    guard: FloodGuard,
    writer: FrameWriter,
    sink: Http2Sink<Owner>,
    receiveWindow: ReceiveWindow<Owner>,
    sendWindow: SendWindow<Owner>,
  ) {
    this.server = server;
    this.guard = guard;
    this.writer = writer;
    this.sink = sink;
    this.receiveWindow = receiveWindow;
    this.sendWindow = sendWindow;
  }

  /** There are numbers left for streams of our own. */
  get numbersLeft(): boolean {
    return this.nextOwn <= LARGEST_STREAM;
  }

  /** Client role: a stream with the next number. */
  addOwn(): Stream<Owner> {
    const id = this.nextOwn;
    this.nextOwn += 2;
    return this.add(id);
  }

  /** Server role: the client's `lastOfPeer`. */
  addOfPeer(): Stream<Owner> {
    return this.add(this.lastOfPeer);
  }

  private add(id: number): Stream<Owner> {
    const stream = new Stream<Owner>(id, this.sendWindow.ofStream, this.receiveWindow.ofStream);
    this.open.set(id, stream);
    return stream;
  }

  /** Neither open nor closed (RFC 9113 section 5.1). */
  isIdle(id: number): boolean {
    const ofPeer = (id % 2 === 1) === this.server;
    if (ofPeer) return id > this.lastOfPeer;
    return this.server || id >= this.nextOwn;
  }

  /** How one that isn't there was closed: see Closed. */
  wayOf(id: number): number {
    return this.closed.find(id);
  }

  closeReceive(stream: Stream<Owner>): void {
    stream.receiveClosed = true;
    if (stream.sendClosed) this.finish(stream);
  }

  closeSend(stream: Stream<Owner>): void {
    stream.sendClosed = true;
    this.guard.finished();
    if (stream.receiveClosed) this.finish(stream);
  }

  /** Both sides are done. */
  private finish(stream: Stream<Owner>): void {
    this.open.delete(stream.id);
    this.closed.add(stream.id, Closed.known);
  }

  /** Either side has reset it. */
  remove(stream: Stream<Owner>, way: number): void {
    if (way === Closed.reset && !stream.receiveClosed) this.guard.cancelled(stream.receiveWindow);
    this.open.delete(stream.id);
    stream.sendClosed = true;
    stream.receiveClosed = true;
    this.closed.add(stream.id, way);
    this.sendWindow.forget(stream);
    // No reader will consume it any more.
    this.receiveWindow.giveBack(stream, stream.unconsumed);
  }

  /** The session is over: all hear of it, but those that the sink resets meanwhile. */
  removeAll(code: number): void {
    const all = [...this.open.values()];
    for (const stream of all) {
      stream.sendClosed = true;
      stream.receiveClosed = true;
    }
    for (const stream of all) {
      if (!this.open.has(stream.id)) continue;
      this.remove(stream, Closed.reset);
      this.sink.streamReset(stream, code, false);
    }
  }

  /** A stream breaks a rule: it ends, the connection goes on (RFC 9113 section 5.4.2). */
  error(stream: Stream<Owner>, code: number): void {
    // Resets that a client provokes cost as much as its own (CVE-2025-8671).
    if (this.server && !this.guard.reset()) throw enhanceYourCalm("Too many streams with errors");
    this.writer.rstStream(stream.id, code);
    this.remove(stream, Closed.reset);
    this.sink.streamReset(stream, code, false);
  }

  /** An error on a stream that may not be there. */
  errorOn(id: number, code: number): void {
    const stream = this.open.get(id);
    if (stream !== undefined) this.error(stream, code);
    else this.resetUnknown(id, code);
  }

  /** RST_STREAM on one that isn't there. */
  resetUnknown(id: number, code: number): void {
    if (!this.guard.reset()) throw enhanceYourCalm("Too many streams with errors");
    this.writer.rstStream(id, code);
    if (!this.isIdle(id) && this.closed.find(id) === Closed.unknown) {
      this.closed.add(id, Closed.reset);
    }
  }
}
