import type { DecodedBlock } from "../field-block/decoded-block.ts";
import {
  MalformedError,
  requestHead,
  responseHead,
  trailerFields,
} from "../field-block/message-head.ts";
import type { Fields } from "../fields.ts";
import { Closed } from "./closed-streams.ts";
import { ConnectionError, protocolError } from "./connection-error.ts";
import { type FloodGuard, LEAST_EXPANSION } from "./flow/flood-guard.ts";
import type { Sender } from "./flow/sender.ts";
import { ErrorCode, type Http2Head, type Http2Limits, type Http2Sink } from "./message.ts";
import type { Stream } from "./stream.ts";
import type { Streams } from "./streams.ts";

/** Makes requests, responses and trailers out of header blocks, and checks them (RFC 9113 section 8). */
export class MessageReceiver<Owner> {
  private readonly server: boolean;
  private readonly maxConcurrentStreams: number;
  private readonly sink: Http2Sink<Owner>;
  private readonly guard: FloodGuard;
  private readonly streams: Streams<Owner>;
  private readonly sender: Sender<Owner>;

  constructor(
    server: boolean,
    limits: Http2Limits,
    sink: Http2Sink<Owner>,
    guard: FloodGuard,
    streams: Streams<Owner>,
    sender: Sender<Owner>,
  ) {
    this.server = server;
    this.maxConcurrentStreams = limits.maxConcurrentStreams;
    this.sink = sink;
    this.guard = guard;
    this.streams = streams;
    this.sender = sender;
  }

  /** A header block has come. `end`: the stream ends with it. Throws ConnectionError. */
  block(id: number, block: DecodedBlock, end: boolean): void {
    if (block.overLimit) this.guard.countRefused(block.listBytes);
    else if (block.expansion >= LEAST_EXPANSION) this.guard.countExpansion(block.expansion);
    const stream = this.streams.open.get(id);
    if (stream === undefined) this.onNoStream(id, block, end);
    else if (stream.headReceived) this.trailers(stream, block, end);
    else this.response(stream, block, end);
  }

  /** A header block on a stream that isn't there: a request, or something late. */
  private onNoStream(id: number, block: DecodedBlock, end: boolean): void {
    const { streams } = this;
    if (!this.server) {
      if (streams.isIdle(id)) throw protocolError("HEADERS on an idle stream");
      if (streams.wayOf(id) === Closed.known) this.guard.countControl();
      else this.guard.countLateHead();
      return;
    }
    if (id % 2 === 0) throw protocolError("A client's stream with an even number");
    if (id <= streams.lastOfPeer) {
      switch (streams.wayOf(id)) {
        case Closed.reset:
          this.guard.countLateHead();
          return;
        case Closed.known:
          throw new ConnectionError(ErrorCode.streamClosed, "HEADERS on a closed stream");
        default:
          throw protocolError("A stream's number below one before it");
      }
    }
    streams.lastOfPeer = id;
    if (streams.finalOfPeer >= 0 || streams.open.size >= this.maxConcurrentStreams) {
      streams.resetUnknown(id, ErrorCode.refusedStream);
    } else {
      this.request(streams.addOfPeer(), block, end);
    }
  }

  private request(stream: Stream<Owner>, block: DecodedBlock, end: boolean): void {
    stream.headReceived = true;
    if (block.overLimit) {
      this.answer431(stream, end);
      return;
    }
    let head: Http2Head;
    try {
      head = requestHead(block);
      if (end && head.contentLength > 0) {
        throw new MalformedError("A Content-Length without a body");
      }
    } catch (error) {
      this.malformed(stream, error);
      return;
    }
    this.guard.worked();
    stream.contentLength = head.contentLength;
    if (end) this.streams.closeReceive(stream);
    this.sink.streamHead(stream, head, end);
  }

  /** RFC 9113 section 10.5.1: the server says 431 itself, as no driver got to see a request. */
  private answer431(stream: Stream<Owner>, end: boolean): void {
    if (end) this.streams.closeReceive(stream);
    this.sender.block.status(431);
    this.sender.head(stream, true);
    if (end) return;
    if (this.sink.streamAnswered === undefined) this.sender.reset(stream, ErrorCode.noError);
    else this.sink.streamAnswered(stream);
  }

  private response(stream: Stream<Owner>, block: DecodedBlock, end: boolean): void {
    let head: Http2Head;
    try {
      if (block.overLimit) throw new MalformedError("A header list above the limit");
      head = responseHead(block);
      if (head.status < 200 && end) throw new MalformedError("An interim response that ends");
    } catch (error) {
      this.malformed(stream, error);
      return;
    }
    if (head.status < 200) {
      this.guard.countControl();
    } else {
      this.guard.worked();
      stream.headReceived = true;
      stream.contentLength = head.contentLength;
      if (end) this.streams.closeReceive(stream);
    }
    this.sink.streamHead(stream, head, end);
  }

  private trailers(stream: Stream<Owner>, block: DecodedBlock, end: boolean): void {
    if (stream.receiveClosed) {
      this.streams.error(stream, ErrorCode.streamClosed);
      return;
    }
    let fields: Fields;
    try {
      if (!end) throw new MalformedError("Trailers that don't end the stream");
      if (block.overLimit) throw new MalformedError("A trailer section above the limit");
      fields = trailerFields(block);
    } catch (error) {
      this.malformed(stream, error);
      return;
    }
    this.end(stream, fields.length === 0 ? null : fields, block.bytes);
  }

  private malformed(stream: Stream<Owner>, error: unknown): void {
    if (!(error instanceof MalformedError)) throw error;
    this.streams.error(stream, ErrorCode.protocolError);
  }

  /** The message is complete, if it is as long as it said. */
  end(stream: Stream<Owner>, trailers: Fields | null, bytes: Uint8Array): void {
    const { contentLength, received } = stream;
    // A response to HEAD may end with empty DATA.
    const bodyless = !this.server && received === 0;
    if (contentLength >= 0 && received !== contentLength && !bodyless) {
      this.streams.error(stream, ErrorCode.protocolError);
      return;
    }
    this.streams.closeReceive(stream);
    this.sink.streamEnd(stream, trailers, bytes);
  }
}
