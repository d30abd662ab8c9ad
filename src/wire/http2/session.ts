import { latin1Bytes } from "../../core/bytes.ts";
import type { Fields } from "../fields.ts";
import { Closed, ClosedStreams } from "./closed-streams.ts";
import { ConnectionError } from "./connection-error.ts";
import { FloodGuard } from "./flood-guard.ts";
import {
  DEFAULT_FRAME_SIZE,
  DEFAULT_WINDOW,
  Flag,
  FrameType,
  LARGEST_FRAME_SIZE,
  LARGEST_STREAM,
  LARGEST_WINDOW,
  readUint31,
  readUint32,
  Setting,
} from "./frame.ts";
import { type FrameHandler, FrameReader } from "./frame-reader.ts";
import { FrameWriter } from "./frame-writer.ts";
import { MalformedError, requestHead, responseHead, trailerFields } from "./head.ts";
import type { DecodedBlock } from "./hpack/decoded-block.ts";
import { HpackDecoder } from "./hpack/decoder.ts";
import { HpackEncoder } from "./hpack/encoder.ts";
import { HpackError } from "./hpack/hpack-error.ts";
import {
  ErrorCode,
  type HeaderBlock,
  type Http2Limits,
  type Http2Output,
  type Http2Session,
  type Http2Sink,
  type Http2Stream,
} from "./message.ts";
import { Stream } from "./stream.ts";

/** RFC 9113 section 3.4. */
const PREFACE = latin1Bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const NO_BYTES: Uint8Array = new Uint8Array(0);
/** HEADERS and CONTINUATION frames that one header block may come in. */
const MAX_BLOCK_FRAMES = 64;
/** Coded, a header block may be so much larger than decoded: Huffman codes of up to 30 bits. */
const CODED_SLACK = 16 * 1024;

/**
 * HTTP/2 (RFC 9113) on one connection, in either role, without I/O: bytes in, calls of the sink and
 * frames out. Every limit is an option; what costs a peer nothing is counted (see FloodGuard).
 */
export class Session<Owner> implements Http2Session<Owner>, FrameHandler {
  inHead = true;
  private readonly server: boolean;
  private readonly limits: Http2Limits;
  private readonly sink: Http2Sink<Owner>;
  private readonly reader: FrameReader;
  private readonly writer: FrameWriter;
  private readonly decoder: HpackDecoder;
  private readonly encoder: HpackEncoder;
  private readonly guard: FloodGuard;
  private readonly streams = new Map<number, Stream<Owner>>();
  private readonly closed = new ClosedStreams();
  /** Streams that wait for windows, in the order of their turns. */
  private blocked: Stream<Owner>[] = [];
  private encoding = false;
  /** It has come to its end: nothing is read or written any more. */
  private over = false;

  /** What is matched of the client's preface. */
  private prefaceSeen: number;
  private settingsSeen = false;
  private settingsAcked = false;
  /** The highest stream that the peer has opened. */
  private lastPeerStream = 0;
  private nextStream = 1;
  private peerStreams = 0;
  /** The peer's GOAWAY: no new streams. */
  private peerLeaving = false;
  private draining = false;

  // --- the peer's settings ---
  private peerMaxStreams = Number.POSITIVE_INFINITY;
  private peerWindow = DEFAULT_WINDOW;

  // --- the connection's windows ---
  private sendWindow = DEFAULT_WINDOW;
  private receiveWindow = DEFAULT_WINDOW;
  private consumed = 0;

  // --- the header block that is coming in ---
  private blockStream = 0;
  private blockEnd = false;
  /** Its priority names its own stream (RFC 7540 section 5.3.1). */
  private blockOnItself = false;
  private blockFrames = 0;
  private block_: Uint8Array = NO_BYTES;
  private blockLength = 0;

  // --- the DATA frame that is coming in ---
  private dataStream: Stream<Owner> | null = null;
  private dataFlags = 0;
  private dataLeft = 0;
  private padLeft = 0;
  private padLengthDue = false;

  constructor(
    role: "server" | "client",
    limits: Http2Limits,
    sink: Http2Sink<Owner>,
    output: Http2Output,
  ) {
    this.server = role === "server";
    this.limits = limits;
    this.sink = sink;
    this.reader = new FrameReader(this);
    this.writer = new FrameWriter(output);
    this.decoder = new HpackDecoder(limits.maxDecoderHeaderTableSize, limits);
    this.encoder = new HpackEncoder(limits.maxEncoderHeaderTableSize);
    this.guard = new FloodGuard(limits.maxIdleControlFrames, limits.maxResets);
    this.prefaceSeen = this.server ? 0 : PREFACE.length;
  }

  start(): void {
    const { limits, writer } = this;
    if (!this.server) writer.bytes(PREFACE);
    writer.settings([
      [Setting.headerTableSize, limits.maxDecoderHeaderTableSize],
      this.server
        ? [Setting.maxConcurrentStreams, limits.maxConcurrentStreams]
        : [Setting.enablePush, 0],
      [Setting.initialWindowSize, this.streamWindow],
      [Setting.maxFrameSize, limits.maxFrameSize],
      [Setting.maxHeaderListSize, limits.maxHeaderListBytes],
    ]);
    const more = limits.connectionWindow - DEFAULT_WINDOW;
    if (more <= 0) return;
    writer.windowUpdate(0, more);
    this.receiveWindow += more;
  }

  /** Below the protocol's default there would be data on the way before the peer knows. */
  private get streamWindow(): number {
    return Math.max(this.limits.streamWindow, DEFAULT_WINDOW);
  }

  // --- receiving ---

  receive(bytes: Uint8Array, start: number, end: number): void {
    if (this.over) return;
    try {
      const at = this.prefaceSeen < PREFACE.length ? this.readPreface(bytes, start, end) : start;
      this.reader.read(bytes, at, end);
    } catch (error) {
      if (error === STOP) return;
      if (!(error instanceof ConnectionError)) throw error;
      this.abort(error.code, error.message);
      this.sink.sessionError(error.code, error.message);
    } finally {
      this.inHead = !this.settingsSeen || this.blockStream !== 0;
    }
  }

  private readPreface(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.prefaceSeen < PREFACE.length) {
      if (bytes[at++] !== PREFACE[this.prefaceSeen++]) {
        throw protocolError("No client connection preface");
      }
    }
    return at;
  }

  frameBegin(type: number, flags: number, id: number, length: number): void {
    if (this.over) throw STOP;
    if (length > Math.max(this.limits.maxFrameSize, DEFAULT_FRAME_SIZE)) {
      throw new ConnectionError(ErrorCode.frameSizeError, `A frame of ${length} bytes`);
    }
    if (!this.settingsSeen && (type !== FrameType.settings || (flags & Flag.ack) !== 0)) {
      throw protocolError("The first frame is not SETTINGS");
    }
    if (this.blockStream !== 0 && (type !== FrameType.continuation || id !== this.blockStream)) {
      throw protocolError("A header block that is interrupted");
    }
    if (type === FrameType.data) this.beginData(flags, id, length);
  }

  framePayload(
    type: number,
    flags: number,
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    switch (type) {
      case FrameType.headers:
        this.headersFrame(flags, id, bytes, start, end);
        break;
      case FrameType.continuation:
        if (this.blockStream === 0) throw protocolError("CONTINUATION without HEADERS");
        this.blockPiece((flags & Flag.endHeaders) !== 0, bytes, start, end);
        break;
      case FrameType.settings:
        this.settingsFrame(flags, id, bytes, start, end);
        break;
      case FrameType.ping:
        this.pingFrame(flags, id, bytes, start, end);
        break;
      case FrameType.windowUpdate:
        this.windowUpdateFrame(id, bytes, start, end);
        break;
      case FrameType.rstStream:
        this.rstStreamFrame(id, bytes, start, end);
        break;
      case FrameType.goAway:
        this.goAwayFrame(id, bytes, start, end);
        break;
      case FrameType.priority:
        this.priorityFrame(id, bytes, start, end);
        break;
      case FrameType.pushPromise:
        throw protocolError("PUSH_PROMISE, which nobody may send here");
      default:
        this.countControl();
    }
  }

  // --- DATA (RFC 9113 section 6.1) ---

  private beginData(flags: number, id: number, length: number): void {
    if (id === 0) throw protocolError("DATA on stream 0");
    const stream = this.streams.get(id) ?? null;
    if (stream === null && this.isIdle(id)) throw protocolError("DATA on an idle stream");
    if (length > this.receiveWindow) {
      throw new ConnectionError(ErrorCode.flowControlError, "DATA beyond the connection's window");
    }
    this.receiveWindow -= length;
    this.dataStream = stream;
    this.dataFlags = flags;
    this.dataLeft = length;
    this.padLeft = 0;
    this.padLengthDue = (flags & Flag.padded) !== 0;
    if (this.padLengthDue && length === 0) throw protocolError("Padded DATA without a pad length");
    if (stream === null) {
      // After our reset more may be on its way; the connection gets its window back.
      if (this.closed.find(id) === Closed.reset) this.countControl();
      else this.resetUnknown(id, ErrorCode.streamClosed);
      return;
    }
    if (stream.receiveClosed) {
      this.streamError(stream, ErrorCode.streamClosed);
    } else if (!this.server && !stream.headReceived) {
      this.streamError(stream, ErrorCode.protocolError);
    } else if (length > stream.receiveWindow) {
      this.streamError(stream, ErrorCode.flowControlError);
    } else {
      stream.receiveWindow -= length;
      if (length === 0 && (flags & Flag.endStream) === 0) this.countControl();
      return;
    }
    this.dataStream = null;
  }

  dataPiece(bytes: Uint8Array, start: number, end: number): void {
    this.dataLeft -= end - start;
    let at = start;
    let overhead = 0;
    if (this.padLengthDue) {
      this.padLengthDue = false;
      this.padLeft = bytes[at++];
      overhead = 1;
      const left = this.dataLeft + (end - at);
      if (this.padLeft > left) throw protocolError("More padding than DATA");
      if (this.padLeft === left && (this.dataFlags & Flag.endStream) === 0) this.countControl();
    }
    // What is left of the frame behind this piece, without the padding.
    const stop = Math.max(at, Math.min(end, end - (this.padLeft - this.dataLeft)));
    overhead += end - stop;
    const stream = this.dataStream;
    // Its owner may have reset it since the frame began.
    if (stream === null || stream.receiveClosed) {
      this.consumeConnection(end - start);
      return;
    }
    stream.unconsumed += end - start;
    if (overhead > 0) this.consume(stream, overhead);
    if (stop === at) return;
    stream.received += stop - at;
    if (stream.contentLength >= 0 && stream.received > stream.contentLength) {
      this.streamError(stream, ErrorCode.protocolError);
      return;
    }
    this.guard.worked();
    this.sink.streamData(stream, bytes, at, stop);
  }

  dataEnd(): void {
    const stream = this.dataStream;
    this.dataStream = null;
    if (stream === null || stream.receiveClosed) return;
    if ((this.dataFlags & Flag.endStream) !== 0) {
      this.endReceiving(stream, null, NO_BYTES);
    }
  }

  private endReceiving(stream: Stream<Owner>, trailers: Fields | null, bytes: Uint8Array): void {
    const { contentLength, received } = stream;
    // A response to HEAD may end with empty DATA.
    const bodyless = !this.server && received === 0;
    if (contentLength >= 0 && received !== contentLength && !bodyless) {
      this.streamError(stream, ErrorCode.protocolError);
      return;
    }
    this.closeReceive(stream);
    this.sink.streamEnd(stream, trailers, bytes);
  }

  // --- HEADERS and CONTINUATION (sections 6.2 and 6.10) ---

  private headersFrame(
    flags: number,
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (id === 0) throw protocolError("HEADERS on stream 0");
    let at = start;
    let stop = end;
    if ((flags & Flag.padded) !== 0) {
      if (at === stop) throw protocolError("Padded HEADERS without a pad length");
      stop -= bytes[at++];
    }
    this.blockOnItself = false;
    if ((flags & Flag.priority) !== 0) {
      this.blockOnItself = at + 5 <= stop && readUint31(bytes, at) === id;
      at += 5;
    }
    if (at > stop) throw protocolError("HEADERS shorter than their padding and priority");
    this.blockStream = id;
    this.blockEnd = (flags & Flag.endStream) !== 0;
    this.blockFrames = 0;
    this.blockPiece((flags & Flag.endHeaders) !== 0, bytes, at, stop);
  }

  private blockPiece(last: boolean, bytes: Uint8Array, start: number, end: number): void {
    if (last && this.blockLength === 0) {
      this.blockDone(bytes, start, end);
      return;
    }
    const length = this.blockLength + end - start;
    if (
      ++this.blockFrames > MAX_BLOCK_FRAMES ||
      length > this.limits.maxHeaderListBytes + CODED_SLACK
    ) {
      throw new ConnectionError(ErrorCode.enhanceYourCalm, "A header block without an end");
    }
    if (length > this.block_.length) {
      const larger = new Uint8Array(Math.max(length, this.block_.length * 2, 1024));
      larger.set(this.block_.subarray(0, this.blockLength));
      this.block_ = larger;
    }
    this.block_.set(bytes.subarray(start, end), this.blockLength);
    this.blockLength = length;
    if (!last) return;
    const whole = this.block_;
    this.block_ = NO_BYTES;
    this.blockLength = 0;
    this.blockDone(whole, 0, length);
  }

  private blockDone(bytes: Uint8Array, start: number, end: number): void {
    const id = this.blockStream;
    this.blockStream = 0;
    let block: DecodedBlock;
    try {
      block = this.decoder.decode(bytes, start, end);
    } catch (error) {
      if (!(error instanceof HpackError)) throw error;
      throw new ConnectionError(ErrorCode.compressionError, error.message);
    }
    if (this.blockOnItself) block.fault ??= "A stream that depends on itself";
    const stream = this.streams.get(id);
    if (stream === undefined) this.unknownBlock(id, block);
    else if (stream.headReceived) this.trailerBlock(stream, block);
    else this.responseBlock(stream, block);
  }

  /** A header block on a stream that isn't there: a request, or something late. */
  private unknownBlock(id: number, block: DecodedBlock): void {
    if (!this.server) {
      if (this.isIdle(id)) throw protocolError("HEADERS on an idle stream");
      this.countControl();
      return;
    }
    if (id % 2 === 0) throw protocolError("A client's stream with an even number");
    if (id <= this.lastPeerStream) {
      switch (this.closed.find(id)) {
        case Closed.reset:
          this.countControl();
          return;
        case Closed.known:
          throw new ConnectionError(ErrorCode.streamClosed, "HEADERS on a closed stream");
        default:
          throw protocolError("A stream's number below one before it");
      }
    }
    this.lastPeerStream = id;
    this.requestBlock(id, block);
  }

  private requestBlock(id: number, block: DecodedBlock): void {
    const stream = new Stream<Owner>(id, this.peerWindow, this.streamWindow);
    stream.headReceived = true;
    if (this.peerStreams >= this.limits.maxConcurrentStreams) {
      this.resetUnknown(id, ErrorCode.refusedStream);
      return;
    }
    this.streams.set(id, stream);
    this.peerStreams++;
    if (block.overLimit) {
      this.answer431(stream);
      return;
    }
    let head: ReturnType<typeof requestHead>;
    try {
      head = requestHead(block);
      if (this.blockEnd && head.contentLength > 0) {
        throw new MalformedError("A Content-Length without a body");
      }
    } catch (error) {
      this.malformed(stream, error);
      return;
    }
    this.guard.worked();
    stream.contentLength = head.contentLength;
    const end = this.blockEnd;
    if (end) this.closeReceive(stream);
    this.sink.streamHead(stream, head, end);
  }

  private responseBlock(stream: Stream<Owner>, block: DecodedBlock): void {
    const end = this.blockEnd;
    let head: ReturnType<typeof responseHead>;
    try {
      if (block.overLimit) throw new MalformedError("A header list above the limit");
      head = responseHead(block);
      if (head.status < 200 && end) throw new MalformedError("An interim response that ends");
    } catch (error) {
      this.malformed(stream, error);
      return;
    }
    if (head.status < 200) {
      this.countControl();
    } else {
      this.guard.worked();
      stream.headReceived = true;
      stream.contentLength = head.contentLength;
      if (end) this.closeReceive(stream);
    }
    this.sink.streamHead(stream, head, end);
  }

  private trailerBlock(stream: Stream<Owner>, block: DecodedBlock): void {
    if (stream.receiveClosed) {
      this.streamError(stream, ErrorCode.streamClosed);
      return;
    }
    let fields: Fields;
    try {
      if (!this.blockEnd) throw new MalformedError("Trailers that don't end the stream");
      if (block.overLimit) throw new MalformedError("A trailer section above the limit");
      fields = trailerFields(block);
    } catch (error) {
      this.malformed(stream, error);
      return;
    }
    this.endReceiving(stream, fields.length === 0 ? null : fields, block.bytes);
  }

  private malformed(stream: Stream<Owner>, error: unknown): void {
    if (!(error instanceof MalformedError)) throw error;
    this.streamError(stream, ErrorCode.protocolError);
  }

  /** RFC 9113 section 10.5.1: the server says 431 itself, as no driver got to see a request. */
  private answer431(stream: Stream<Owner>): void {
    if (this.blockEnd) this.closeReceive(stream);
    this.block.status(431);
    this.sendHead(stream, true);
    this.reset(stream, ErrorCode.noError);
  }

  // --- other frames ---

  private settingsFrame(
    flags: number,
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (id !== 0) throw protocolError("SETTINGS on a stream");
    if ((flags & Flag.ack) !== 0) {
      if (start !== end) throw frameSize("A SETTINGS acknowledgement with a payload");
      if (this.settingsAcked) this.countControl();
      else this.decoder.setMaxTableSize(this.limits.maxDecoderHeaderTableSize);
      this.settingsAcked = true;
      return;
    }
    if ((end - start) % 6 !== 0) throw frameSize("SETTINGS whose length is no multiple of 6");
    if (this.settingsSeen) this.countControl();
    this.settingsSeen = true;
    for (let at = start; at < end; at += 6) {
      this.applySetting((bytes[at] << 8) | bytes[at + 1], readUint32(bytes, at + 2));
    }
    this.writer.settingsAck();
    this.sink.peerSettings();
    this.wake();
  }

  private applySetting(id: number, value: number): void {
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
        this.peerMaxStreams = value;
        break;
      case Setting.initialWindowSize: {
        if (value > LARGEST_WINDOW) throw flowControl("SETTINGS_INITIAL_WINDOW_SIZE above 2^31-1");
        const change = value - this.peerWindow;
        this.peerWindow = value;
        for (const stream of this.streams.values()) {
          stream.sendWindow += change;
          if (stream.sendWindow > LARGEST_WINDOW) throw flowControl("A window above 2^31-1");
        }
        break;
      }
      case Setting.maxFrameSize:
        if (value < DEFAULT_FRAME_SIZE || value > LARGEST_FRAME_SIZE) {
          throw protocolError(`SETTINGS_MAX_FRAME_SIZE is ${value}`);
        }
        this.writer.maxFrameSize = value;
        break;
    }
  }

  private pingFrame(
    flags: number,
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (id !== 0) throw protocolError("PING on a stream");
    if (end - start !== 8) throw frameSize("PING without 8 bytes");
    this.countControl();
    if ((flags & Flag.ack) !== 0) this.sink.pong();
    else this.writer.ping(bytes, start, true);
  }

  private windowUpdateFrame(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 4) throw frameSize("WINDOW_UPDATE without 4 bytes");
    this.countControl();
    const increment = readUint31(bytes, start);
    if (id === 0) {
      if (increment === 0) throw protocolError("WINDOW_UPDATE of 0");
      this.sendWindow += increment;
      if (this.sendWindow > LARGEST_WINDOW) throw flowControl("The window is above 2^31-1");
      this.wake();
      return;
    }
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) throw protocolError("WINDOW_UPDATE on an idle stream");
      if (increment === 0) this.resetUnknown(id, ErrorCode.protocolError);
      return;
    }
    if (increment === 0) {
      this.streamError(stream, ErrorCode.protocolError);
      return;
    }
    stream.sendWindow += increment;
    if (stream.sendWindow > LARGEST_WINDOW) this.streamError(stream, ErrorCode.flowControlError);
    else if (stream.blocked) this.wake();
  }

  private rstStreamFrame(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (end - start !== 4) throw frameSize("RST_STREAM without 4 bytes");
    if (id === 0) throw protocolError("RST_STREAM on stream 0");
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (this.isIdle(id)) throw protocolError("RST_STREAM on an idle stream");
      this.countControl();
      return;
    }
    if (this.server && !this.guard.reset()) throw calm("Too many streams were reset");
    this.remove(stream, Closed.known);
    this.sink.streamReset(stream, readUint32(bytes, start), true);
  }

  private priorityFrame(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id === 0) throw protocolError("PRIORITY on stream 0");
    this.countControl();
    if (end - start !== 5) this.errorOn(id, ErrorCode.frameSizeError);
    else if (readUint31(bytes, start) === id) this.errorOn(id, ErrorCode.protocolError);
  }

  private goAwayFrame(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id !== 0) throw protocolError("GOAWAY on a stream");
    if (end - start < 8) throw frameSize("GOAWAY shorter than 8 bytes");
    this.countControl();
    const last = readUint31(bytes, start);
    this.peerLeaving = true;
    if (!this.server) {
      for (const stream of [...this.streams.values()]) {
        // The sink may have reset others of them meanwhile.
        if (stream.id <= last || !this.streams.has(stream.id)) continue;
        this.remove(stream, Closed.known);
        this.sink.streamReset(stream, ErrorCode.refusedStream, true);
      }
    }
    this.sink.peerGoAway(last, readUint32(bytes, start + 4));
  }

  private countControl(): void {
    if (!this.guard.control()) throw calm("Too many frames that move nothing forward");
  }

  // --- errors ---

  /** Neither open nor closed. */
  private isIdle(id: number): boolean {
    const peers = (id % 2 === 1) === this.server;
    if (peers) return id > this.lastPeerStream;
    return this.server || id >= this.nextStream;
  }

  /** An error on a stream that may not be there. */
  private errorOn(id: number, code: number): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) this.streamError(stream, code);
    else this.resetUnknown(id, code);
  }

  /** A stream of the peer's breaks a rule: it ends, the connection goes on (RFC 9113 section 5.4.2). */
  private streamError(stream: Stream<Owner>, code: number): void {
    // Resets that a peer provokes cost as much as its own (CVE-2025-8671).
    if (this.server && !this.guard.reset()) throw calm("Too many streams with errors");
    this.writer.rstStream(stream.id, code);
    this.remove(stream, Closed.reset);
    this.sink.streamReset(stream, code, false);
  }

  private resetUnknown(id: number, code: number): void {
    if (!this.guard.reset()) throw calm("Too many streams with errors");
    this.writer.rstStream(id, code);
    if (!this.isIdle(id) && this.closed.find(id) === Closed.unknown) {
      this.closed.add(id, Closed.reset);
    }
  }

  // --- the ends of streams ---

  private closeReceive(stream: Stream<Owner>): void {
    stream.receiveClosed = true;
    if (stream.sendClosed) this.finish(stream);
  }

  private closeSend(stream: Stream<Owner>): void {
    stream.sendClosed = true;
    this.guard.finished();
    if (stream.receiveClosed) this.finish(stream);
  }

  /** Both sides are done. */
  private finish(stream: Stream<Owner>): void {
    if (this.streams.delete(stream.id) && this.server) this.peerStreams--;
    this.closed.add(stream.id, Closed.known);
  }

  /** Either side has reset it. */
  private remove(stream: Stream<Owner>, way: number): void {
    if (this.streams.delete(stream.id) && this.server) this.peerStreams--;
    stream.sendClosed = true;
    stream.receiveClosed = true;
    this.closed.add(stream.id, way);
    if (stream.blocked) this.unblock(stream);
    // Nobody will consume it any more.
    const { unconsumed } = stream;
    stream.unconsumed = 0;
    if (unconsumed > 0) this.consumeConnection(unconsumed);
  }

  gone(): void {
    if (this.over) return;
    this.over = true;
    this.resetAll(ErrorCode.cancel);
  }

  private resetAll(code: number): void {
    for (const stream of [...this.streams.values()]) {
      if (!this.streams.delete(stream.id)) continue;
      stream.sendClosed = true;
      stream.receiveClosed = true;
      this.sink.streamReset(stream, code, false);
    }
    this.blocked = [];
  }

  // --- windows ---

  consume(given: Http2Stream<Owner>, bytes: number): void {
    const stream = given as Stream<Owner>;
    const count = Math.min(bytes, stream.unconsumed);
    if (count === 0) return;
    stream.unconsumed -= count;
    this.consumeConnection(count);
    if (stream.receiveClosed || this.over) return;
    stream.consumed += count;
    if (stream.consumed * 2 < this.streamWindow) return;
    this.writer.windowUpdate(stream.id, stream.consumed);
    stream.receiveWindow += stream.consumed;
    stream.consumed = 0;
  }

  private consumeConnection(bytes: number): void {
    if (this.over) return;
    this.consumed += bytes;
    if (this.consumed * 2 < Math.max(this.limits.connectionWindow, DEFAULT_WINDOW)) return;
    this.writer.windowUpdate(0, this.consumed);
    this.receiveWindow += this.consumed;
    this.consumed = 0;
  }

  /** A peer whose window stays closed could make us keep any number of streams that it has reset. */
  private unblock(stream: Stream<Owner>): void {
    stream.blocked = false;
    const at = this.blocked.indexOf(stream);
    if (at >= 0) this.blocked.splice(at, 1);
  }

  /**
   * Lets streams that waited for windows have their turns, each as long as there is something to
   * send with. Who has to wait once more goes behind those that had no turn.
   */
  private wake(): void {
    const waiting = this.blocked;
    if (waiting.length === 0 || this.sendWindow <= 0) return;
    this.blocked = [];
    const passedOver: Stream<Owner>[] = [];
    for (const stream of waiting) {
      if (stream.sendClosed) continue;
      if (this.sendWindow <= 0 || stream.sendWindow <= 0) {
        passedOver.push(stream);
      } else {
        stream.blocked = false;
        this.sink.streamWritable(stream);
      }
    }
    if (passedOver.length === 0) return;
    // The sink may have reset some of them meanwhile.
    this.blocked = passedOver.filter((stream) => !stream.sendClosed).concat(this.blocked);
  }

  // --- sending ---

  get openable(): number {
    if (this.peerLeaving || this.draining || this.over || this.nextStream > LARGEST_STREAM)
      return 0;
    return Math.max(0, this.peerMaxStreams - this.streams.size);
  }

  get streamCount(): number {
    return this.streams.size;
  }

  open(owner: Owner): Http2Stream<Owner> | null {
    if (this.openable === 0) return null;
    const stream = new Stream<Owner>(this.nextStream, this.peerWindow, this.streamWindow);
    this.nextStream += 2;
    stream.owner = owner;
    this.streams.set(stream.id, stream);
    return stream;
  }

  get block(): HeaderBlock {
    if (!this.encoding) {
      this.encoding = true;
      this.encoder.begin();
    }
    return this.encoder;
  }

  sendHead(given: Http2Stream<Owner>, end: boolean): void {
    const stream = given as Stream<Owner>;
    if (!this.encoding) this.encoder.begin();
    this.encoding = false;
    if (stream.sendClosed || this.over) {
      this.encoder.discard();
      return;
    }
    this.writer.headers(stream.id, this.encoder.buffer, this.encoder.length, end);
    if (end) this.closeSend(stream);
  }

  sendData(
    given: Http2Stream<Owner>,
    bytes: Uint8Array,
    start: number,
    end: number,
    last: boolean,
  ): number {
    const stream = given as Stream<Owner>;
    if (stream.sendClosed || this.over) return end - start;
    let at = start;
    while (at < end) {
      const size = Math.min(end - at, this.writer.maxFrameSize, this.sendWindow, stream.sendWindow);
      if (size <= 0) {
        if (!stream.blocked) {
          stream.blocked = true;
          this.blocked.push(stream);
        }
        return at - start;
      }
      this.writer.data(stream.id, bytes, at, at + size, last && at + size === end);
      this.sendWindow -= size;
      stream.sendWindow -= size;
      at += size;
      this.guard.worked();
    }
    if (last) {
      if (start === end) this.writer.data(stream.id, NO_BYTES, 0, 0, true);
      this.closeSend(stream);
    }
    return end - start;
  }

  reset(given: Http2Stream<Owner>, code: number): void {
    const stream = given as Stream<Owner>;
    if (!this.streams.has(stream.id)) return;
    if (!this.over) this.writer.rstStream(stream.id, code);
    this.remove(stream, Closed.reset);
  }

  drain(): void {
    if (this.draining || this.over) return;
    this.draining = true;
    this.writer.goAway(this.server ? LARGEST_STREAM : 0, ErrorCode.noError);
  }

  abort(code: number, _reason: string): void {
    if (this.over) return;
    this.over = true;
    this.writer.goAway(this.lastPeerStream, code);
    this.resetAll(code);
  }

  ping(): void {
    if (!this.over) this.writer.ping(PING, 0, false);
  }
}

const PING = new Uint8Array(8);
/** Thrown to end the reading of a session that a sink has ended. */
const STOP = new Error("the session is over");

function protocolError(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.protocolError, message);
}

function frameSize(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.frameSizeError, message);
}

function flowControl(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.flowControlError, message);
}

function calm(message: string): ConnectionError {
  return new ConnectionError(ErrorCode.enhanceYourCalm, message);
}
