import { latin1Bytes } from "../../core/bytes.ts";
import type { DecodedBlock } from "../field-block/decoded-block.ts";
import { Closed } from "./closed-streams.ts";
import {
  ConnectionError,
  enhanceYourCalm,
  frameSizeError,
  protocolError,
} from "./connection-error.ts";
import { DataReceiver } from "./flow/data-receiver.ts";
import { FloodGuard } from "./flow/flood-guard.ts";
import { ReceiveWindow } from "./flow/receive-window.ts";
import { SendWindow } from "./flow/send-window.ts";
import { Sender } from "./flow/sender.ts";
import {
  DEFAULT_FRAME_SIZE,
  Flag,
  FrameType,
  LARGEST_STREAM,
  readUint31,
  readUint32,
  Setting,
} from "./frames/frame.ts";
import { type FrameHandler, FrameReader } from "./frames/frame-reader.ts";
import { FrameWriter } from "./frames/frame-writer.ts";
import { HeaderBlocks } from "./header-blocks.ts";
import {
  ErrorCode,
  HEAD_WORK,
  type HeaderBlock,
  type Http2Limits,
  type Http2Output,
  type Http2Session,
  type Http2Sink,
  type Http2Stream,
} from "./message.ts";
import { MessageReceiver } from "./message-receiver.ts";
import type { Stream } from "./stream.ts";
import { StreamControl } from "./stream-control.ts";
import { Streams } from "./streams.ts";

/** RFC 9113 section 3.4. */
const PREFACE = latin1Bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const PING = new Uint8Array(8);
/** Parameters in one SETTINGS frame. The protocol has seven, and each may change the windows of all streams. */
const MAX_SETTINGS = 64;
/** Thrown to end the reading of a session that a sink has ended. */
const STOP = new Error("the session is over");

/**
 * HTTP/2 (RFC 9113) on one connection, in either role, without I/O: bytes in, calls of the sink and
 * frames out. Every limit is an option; what costs a peer nothing is counted (see FloodGuard).
 *
 * Here are the connection's beginning and end, and the frames that are about the connection.
 * Messages come in through HeaderBlocks, MessageReceiver and DataReceiver, and go out through Sender.
 */
export class Session<Owner> implements Http2Session<Owner>, FrameHandler {
  inHead = true;
  /** What is left of the work that `receive` may do. */
  private allowance = 0;
  private readonly server: boolean;
  private readonly limits: Http2Limits;
  private readonly sink: Http2Sink<Owner>;
  private readonly reader: FrameReader;
  private readonly writer: FrameWriter;
  private readonly guard: FloodGuard;
  private readonly receiveWindow: ReceiveWindow<Owner>;
  private readonly sendWindow: SendWindow<Owner>;
  private readonly streams: Streams<Owner>;
  private readonly sender: Sender<Owner>;
  private readonly blocks: HeaderBlocks;
  private readonly messages: MessageReceiver<Owner>;
  private readonly bodies: DataReceiver<Owner>;
  private readonly control: StreamControl<Owner>;
  private readonly maxFrameSize: number;
  /** What is matched of the client's preface. */
  private prefaceSeen: number;
  private settingsSeen = false;
  private settingsAcked = false;
  /** The peer's GOAWAY: no new streams. */
  private peerLeaving = false;
  private draining = false;
  /** It has come to its end: nothing is read or written any more. */
  private over = false;

  constructor(
    role: "server" | "client",
    limits: Http2Limits,
    sink: Http2Sink<Owner>,
    output: Http2Output,
  ) {
    const server = role === "server";
    const writer = new FrameWriter(output);
    const guard = new FloodGuard(
      limits.maxIdleControlFrames,
      limits.maxResets,
      limits.maxHeaderListBytes,
    );
    const receiveWindow = new ReceiveWindow<Owner>(limits, writer);
    const sendWindow = new SendWindow(sink);
    const streams = new Streams(server, guard, writer, sink, receiveWindow, sendWindow);
    const sender = new Sender(server, limits, writer, guard, sendWindow, streams);
    const messages = new MessageReceiver(server, limits, sink, guard, streams, sender);
    this.server = server;
    this.limits = limits;
    this.sink = sink;
    this.reader = new FrameReader(this);
    this.writer = writer;
    this.guard = guard;
    this.receiveWindow = receiveWindow;
    this.sendWindow = sendWindow;
    this.streams = streams;
    this.sender = sender;
    this.blocks = new HeaderBlocks(limits);
    this.messages = messages;
    this.bodies = new DataReceiver(sink, guard, receiveWindow, streams, messages);
    this.control = new StreamControl(server, sink, guard, sendWindow, streams);
    this.maxFrameSize = Math.max(limits.maxFrameSize, DEFAULT_FRAME_SIZE);
    this.prefaceSeen = server ? 0 : PREFACE.length;
  }

  start(): void {
    const { limits, writer } = this;
    if (!this.server) writer.bytes(PREFACE);
    writer.settings([
      [Setting.headerTableSize, limits.maxDecoderHeaderTableSize],
      this.server
        ? [Setting.maxConcurrentStreams, limits.maxConcurrentStreams]
        : [Setting.enablePush, 0],
      [Setting.initialWindowSize, this.receiveWindow.ofStream],
      [Setting.maxFrameSize, limits.maxFrameSize],
      [Setting.maxHeaderListSize, limits.maxHeaderListBytes],
    ]);
    this.receiveWindow.start();
  }

  // --- receiving ---

  at(time: number): void {
    this.guard.at(time);
  }

  receive(bytes: Uint8Array, start: number, end: number, most = Number.MAX_SAFE_INTEGER): number {
    if (this.over) return end;
    this.allowance = most;
    try {
      const at = this.prefaceSeen < PREFACE.length ? this.readPreface(bytes, start, end) : start;
      return this.reader.read(bytes, at, end);
    } catch (error) {
      if (error === STOP) return end;
      if (!(error instanceof ConnectionError)) throw error;
      this.abort(error.code, error.message);
      this.sink.sessionError(error.code, error.message);
      return end;
    } finally {
      this.inHead = !this.settingsSeen || this.blocks.pending !== 0;
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
    if (length > this.maxFrameSize) throw frameSizeError(`A frame of ${length} bytes`);
    if (!this.settingsSeen && (type !== FrameType.settings || (flags & Flag.ack) !== 0)) {
      throw protocolError("The first frame is not SETTINGS");
    }
    const { pending } = this.blocks;
    if (pending !== 0 && (type !== FrameType.continuation || id !== pending)) {
      throw protocolError("A header block that is interrupted");
    }
    if (type === FrameType.data) this.bodies.begin(flags, id, length);
  }

  dataPiece(bytes: Uint8Array, start: number, end: number): void {
    this.bodies.piece(bytes, start, end);
  }

  dataEnd(): void {
    this.bodies.end();
  }

  framePayload(
    type: number,
    flags: number,
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.allowance -= type === FrameType.headers ? HEAD_WORK : 1;
    if (this.allowance <= 0) this.reader.stop();
    switch (type) {
      case FrameType.headers:
        this.blockDone(this.blocks.headers(flags, id, bytes, start, end));
        break;
      case FrameType.continuation:
        this.blockDone(this.blocks.continuation(flags, bytes, start, end));
        break;
      case FrameType.settings:
        this.settingsFrame(flags, id, bytes, start, end);
        break;
      case FrameType.ping:
        this.pingFrame(flags, id, bytes, start, end);
        break;
      case FrameType.windowUpdate:
        this.control.windowUpdate(id, bytes, start, end);
        break;
      case FrameType.rstStream:
        this.control.rstStream(id, bytes, start, end);
        break;
      case FrameType.goAway:
        this.goAwayFrame(id, bytes, start, end);
        break;
      case FrameType.priority:
        this.control.priority(id, bytes, start, end);
        break;
      case FrameType.pushPromise:
        throw protocolError("PUSH_PROMISE, which nobody may send here");
      default:
        this.guard.countControl();
    }
  }

  private blockDone(block: DecodedBlock | null): void {
    const { blocks } = this;
    if (block !== null) this.messages.block(blocks.stream, block, blocks.endsStream);
  }

  private settingsFrame(
    flags: number,
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (id !== 0) throw protocolError("SETTINGS on a stream");
    if ((flags & Flag.ack) !== 0) {
      if (start !== end) throw frameSizeError("A SETTINGS acknowledgement with a payload");
      if (this.settingsAcked) this.guard.countControl();
      else this.blocks.settingsAcknowledged();
      this.settingsAcked = true;
      return;
    }
    if ((end - start) % 6 !== 0) throw frameSizeError("SETTINGS whose length is no multiple of 6");
    if (end - start > MAX_SETTINGS * 6) throw enhanceYourCalm("SETTINGS without an end");
    if (this.settingsSeen) this.guard.countControl();
    this.settingsSeen = true;
    for (let at = start; at < end; at += 6) {
      this.sender.applySetting((bytes[at] << 8) | bytes[at + 1], readUint32(bytes, at + 2));
    }
    this.writer.settingsAck();
    this.sink.peerSettings();
    this.sendWindow.wake();
  }

  private pingFrame(
    flags: number,
    id: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (id !== 0) throw protocolError("PING on a stream");
    if (end - start !== 8) throw frameSizeError("PING without 8 bytes");
    this.guard.countControl();
    if ((flags & Flag.ack) !== 0) this.sink.pong();
    else this.writer.ping(bytes, start, true);
  }

  private goAwayFrame(id: number, bytes: Uint8Array, start: number, end: number): void {
    if (id !== 0) throw protocolError("GOAWAY on a stream");
    if (end - start < 8) throw frameSizeError("GOAWAY shorter than 8 bytes");
    this.guard.countControl();
    const last = readUint31(bytes, start);
    this.peerLeaving = true;
    if (!this.server) this.control.refuseAbove(last);
    this.sink.peerGoAway(last, readUint32(bytes, start + 4));
  }

  // --- what the driver does with streams ---

  get openable(): number {
    const { streams } = this;
    if (this.peerLeaving || this.draining || this.over || !streams.numbersLeft) return 0;
    return Math.max(0, this.sender.maxStreams - streams.open.size);
  }

  get streamCount(): number {
    return this.streams.open.size;
  }

  get peerMaxHeaderListBytes(): number {
    return this.sender.maxHeaderListBytes;
  }

  open(owner: Owner): Http2Stream<Owner> | null {
    if (this.openable === 0) return null;
    const stream = this.streams.addOwn();
    stream.owner = owner;
    return stream;
  }

  get block(): HeaderBlock {
    return this.sender.block;
  }

  sendHead(stream: Http2Stream<Owner>, end: boolean): void {
    this.sender.head(stream as Stream<Owner>, end);
  }

  sendData(
    stream: Http2Stream<Owner>,
    bytes: Uint8Array,
    start: number,
    end: number,
    last: boolean,
  ): number {
    return this.sender.data(stream as Stream<Owner>, bytes, start, end, last);
  }

  consume(stream: Http2Stream<Owner>, bytes: number): void {
    this.receiveWindow.giveBack(stream as Stream<Owner>, bytes);
  }

  returnWindow(): void {
    this.receiveWindow.returnAll();
  }

  reset(stream: Http2Stream<Owner>, code: number): void {
    if (!this.streams.open.has(stream.id)) return;
    if (this.over) this.streams.remove(stream as Stream<Owner>, Closed.reset);
    else this.sender.reset(stream as Stream<Owner>, code);
  }

  // --- the connection's end ---

  drain(): void {
    if (this.draining || this.over) return;
    this.draining = true;
    this.writer.goAway(this.server ? LARGEST_STREAM : 0, ErrorCode.noError);
  }

  refuseMore(): void {
    const { streams } = this;
    if (this.over || streams.finalOfPeer >= 0) return;
    this.draining = true;
    streams.finalOfPeer = streams.lastOfPeer;
    this.writer.goAway(streams.finalOfPeer, ErrorCode.noError);
  }

  abort(code: number, _reason: string): void {
    if (this.over) return;
    const { finalOfPeer, lastOfPeer } = this.streams;
    // It may not grow from one GOAWAY to the next.
    this.writer.goAway(finalOfPeer >= 0 ? finalOfPeer : lastOfPeer, code);
    this.end(code);
  }

  gone(): void {
    if (!this.over) this.end(ErrorCode.cancel);
  }

  private end(code: number): void {
    this.over = true;
    this.receiveWindow.end();
    this.streams.removeAll(code);
  }

  ping(): void {
    if (!this.over) this.writer.ping(PING, 0, false);
  }
}
