import { concatBytes, latin1, latin1Bytes } from "../../../../src/core/bytes.ts";
import { FieldId } from "../../../../src/wire/field-names.ts";
import { type Fields, STRIDE } from "../../../../src/wire/fields.ts";
import { HpackDecoder } from "../../../../src/wire/http2/hpack/decoder.ts";
import {
  DEFAULT_HTTP2_LIMITS,
  ErrorCode,
  type HeaderBlock,
  type Http2Head,
  type Http2Limits,
  type Http2Output,
  type Http2Sink,
  type Http2Stream,
} from "../../../../src/wire/http2/message.ts";
import { Session } from "../../../../src/wire/http2/session.ts";
import {
  block,
  Flag,
  FrameType,
  frame,
  settings,
  uint32,
} from "../../../support/http/raw-http2.ts";
import { type Header, listOf } from "./hpack/header-list.ts";

export const PREFACE = latin1Bytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** What a session writes, copied: its arrays may be used again. */
export class Output implements Http2Output {
  buffer: Uint8Array = new Uint8Array(0);
  private pieces: Uint8Array[] = [];

  reserve(size: number): number {
    // Never at the array's beginning: code that forgets the offset is found out.
    this.buffer = new Uint8Array(size + 7);
    return 7;
  }

  commit(end: number): void {
    this.pieces.push(this.buffer.slice(7, end));
    this.buffer = new Uint8Array(0);
  }

  write(bytes: Uint8Array, start = 0, end = bytes.length): void {
    this.pieces.push(bytes.slice(start, end));
  }

  /** Everything since the last call. */
  take(): Uint8Array {
    const { pieces } = this;
    this.pieces = [];
    return concatBytes(pieces);
  }
}

export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Uint8Array;
}

/** Takes whole frames apart; throws where bytes are left over. */
export function framesOf(bytes: Uint8Array): RawFrame[] {
  const frames: RawFrame[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at) >>> 8;
    const end = at + 9 + length;
    if (end > bytes.length) throw new Error(`A frame of ${length} bytes is cut short`);
    frames.push({
      type: bytes[at + 3],
      flags: bytes[at + 4],
      stream: view.getUint32(at + 5),
      payload: bytes.slice(at + 9, end),
    });
    at = end;
  }
  return frames;
}

const CODES = new Map<number, string>(
  Object.entries(ErrorCode).map(([name, code]) => [
    code,
    name.replaceAll(/[A-Z]+/g, "_$&").toUpperCase(),
  ]),
);
const codeName = (code: number): string => CODES.get(code) ?? `code ${code}`;

const SETTINGS = ["", "table", "push", "streams", "window", "frame", "list"];

/** Frames of one direction in words, with the header blocks decoded. */
export class FrameWords {
  private readonly decoder = new HpackDecoder(65_536, {
    maxHeaderListBytes: 1 << 24,
    maxFields: 10_000,
  });
  private parts: Uint8Array[] = [];
  private began = "";

  all(bytes: Uint8Array): string[] {
    return framesOf(bytes).flatMap((each) => this.one(each));
  }

  private one({ type, flags, stream, payload }: RawFrame): string[] {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    const end = (flags & Flag.endStream) !== 0 ? " end" : "";
    switch (type) {
      case FrameType.data:
        return [`DATA ${stream} ${payload.length}${end}`];
      case FrameType.headers:
        this.began = `HEADERS ${stream}${end}`;
        return this.piece(flags, payload);
      case FrameType.continuation:
        return this.piece(flags, payload);
      case FrameType.rstStream:
        return [`RST_STREAM ${stream} ${codeName(view.getUint32(0))}`];
      case FrameType.settings: {
        if ((flags & Flag.ack) !== 0) return ["SETTINGS ack"];
        const words = ["SETTINGS"];
        for (let at = 0; at < payload.length; at += 6) {
          words.push(`${SETTINGS[view.getUint16(at)]}=${view.getUint32(at + 2)}`);
        }
        return [words.join(" ")];
      }
      case FrameType.ping:
        return [`PING${(flags & Flag.ack) !== 0 ? " ack" : ""} ${payload.toHex()}`];
      case FrameType.goAway:
        return [`GOAWAY ${view.getUint32(0)} ${codeName(view.getUint32(4))}`];
      case FrameType.windowUpdate:
        return [`WINDOW_UPDATE ${stream} ${view.getUint32(0)}`];
      default:
        return [`type ${type}`];
    }
  }

  private piece(flags: number, payload: Uint8Array): string[] {
    this.parts.push(payload);
    if ((flags & Flag.endHeaders) === 0) return [];
    const whole = concatBytes(this.parts);
    this.parts = [];
    const decoded = this.decoder.decode(whole, 0, whole.length);
    return [[this.began, ...listOf(decoded).map(([name, value]) => `${name}=${value}`)].join(" ")];
  }
}

export function fieldsInWords(bytes: Uint8Array, fields: Fields): string[] {
  const words: string[] = [];
  for (let i = 0; i < fields.length; i += STRIDE) {
    if (fields[i] === FieldId.deleted) continue;
    const name = latin1(bytes, fields[i + 1], fields[i + 2]);
    words.push(`${name}=${latin1(bytes, fields[i + 3], fields[i + 4])}`);
  }
  return words;
}

type StreamOf = Http2Stream<string>;

/** Notes in words what a session says. DATA of one stream without anything between is one note. */
export class Notes implements Http2Sink<string> {
  readonly streams = new Map<number, StreamOf>();
  /** Calls back when something comes: "head", "data", "end", "reset", "writable". */
  react: (what: string, stream: StreamOf) => void = () => {};
  /** Gives the window back at once. */
  consumes = true;
  session!: Session<string>;
  private notes: string[] = [];
  private dataOf = 0;

  take(): string[] {
    const { notes } = this;
    this.notes = [];
    this.dataOf = 0;
    return notes;
  }

  private note(note: string): void {
    this.dataOf = 0;
    this.notes.push(note);
  }

  streamHead(stream: StreamOf, head: Http2Head, end: boolean): void {
    this.streams.set(stream.id, stream);
    const start =
      head.status > 0
        ? String(head.status)
        : `${head.method} ${head.scheme} ${head.authority} ${head.path}`;
    const words = fieldsInWords(head.bytes, head.fields);
    this.note([`head ${stream.id}`, start, ...words, ...(end ? ["end"] : [])].join(" "));
    this.react("head", stream);
  }

  streamData(stream: StreamOf, bytes: Uint8Array, start: number, end: number): void {
    const text = latin1(bytes, start, end);
    if (this.dataOf === stream.id) {
      this.notes[this.notes.length - 1] += text;
    } else {
      this.note(`data ${stream.id} ${text}`);
      this.dataOf = stream.id;
    }
    if (this.consumes) this.session.consume(stream, end - start);
    this.react("data", stream);
  }

  streamEnd(stream: StreamOf, trailers: Fields | null, bytes: Uint8Array): void {
    const words = trailers === null ? [] : fieldsInWords(bytes, trailers);
    this.note([`end ${stream.id}`, ...words].join(" "));
    this.react("end", stream);
  }

  streamReset(stream: StreamOf, code: number, byPeer: boolean): void {
    this.note(`reset ${stream.id} ${codeName(code)}${byPeer ? " by peer" : ""}`);
    this.react("reset", stream);
  }

  streamWritable(stream: StreamOf): void {
    this.note(`writable ${stream.id}`);
    this.react("writable", stream);
  }

  peerSettings(): void {
    this.note("settings");
  }

  peerGoAway(last: number, code: number): void {
    this.note(`goaway ${last} ${codeName(code)}`);
  }

  pong(): void {
    this.note("pong");
  }

  sessionError(code: number, reason: string): void {
    if (reason === "") throw new Error("An error without a reason");
    this.note(`error ${codeName(code)}`);
  }
}

/** A session, what it writes and what it says. */
export class Scene {
  readonly session: Session<string>;
  readonly notes = new Notes();
  readonly output = new Output();
  readonly role: "server" | "client";
  private readonly words = new FrameWords();

  constructor(role: "server" | "client", limits: Partial<Http2Limits> = {}) {
    this.role = role;
    this.session = new Session(
      role,
      { ...DEFAULT_HTTP2_LIMITS, ...limits },
      this.notes,
      this.output,
    );
    this.notes.session = this.session;
  }

  /** Hands the bytes over, all at once. */
  feed(...pieces: Uint8Array[]): this {
    const bytes = concatBytes(pieces);
    this.session.receive(bytes, 0, bytes.length);
    return this;
  }

  /** The frames it has written since the last call. */
  wrote(): string[] {
    return this.words.all(this.output.take());
  }

  /** What it has said since the last call. */
  said(): string[] {
    return this.notes.take();
  }

  /** Both, where nothing was asked before. */
  both(): { said: string[]; wrote: string[] } {
    return { said: this.said(), wrote: this.wrote() };
  }

  stream(id: number): StreamOf {
    const stream = this.notes.streams.get(id);
    if (stream === undefined) throw new Error(`No stream ${id} was heard of`);
    return stream;
  }

  /** Sends a head of these fields. */
  head(stream: StreamOf, fields: readonly Header[], end: boolean): void {
    writeBlock(this.session.block, fields);
    this.session.sendHead(stream, end);
  }

  respond(id: number, end = true): void {
    this.head(this.stream(id), [[":status", "200"]], end);
  }

  data(stream: StreamOf, text: string, last: boolean): number {
    const bytes = latin1Bytes(text);
    return this.session.sendData(stream, bytes, 0, bytes.length, last);
  }

  /** Client role: opens a stream with a request. */
  ask(method = "GET", end = true): StreamOf {
    const stream = this.session.open("owner");
    if (stream === null) throw new Error("No stream can be opened");
    this.head(
      stream,
      [
        [":method", method],
        [":scheme", "http"],
        [":authority", "app.test"],
        [":path", "/"],
      ],
      end,
    );
    return stream;
  }
}

export function writeBlock(target: HeaderBlock, fields: readonly Header[]): void {
  const of = (name: string) => fields.find((field) => field[0] === name)?.[1] ?? "";
  if (of(":status") !== "") target.status(Number(of(":status")));
  if (of(":method") !== "") {
    target.request(of(":method"), of(":scheme"), of(":authority"), of(":path"));
  }
  for (const [name, value] of fields) if (name[0] !== ":") target.text(0, name, value);
}

/** A server whose connection is up: it has the client's preface, and its own is taken off the output. */
export function serverScene(
  limits: Partial<Http2Limits> = {},
  ...pairs: [number, number][]
): Scene {
  const scene = new Scene("server", limits);
  scene.session.start();
  scene.feed(PREFACE, settings(...pairs));
  scene.output.take();
  scene.said();
  return scene;
}

/** A client whose connection is up. */
export function clientScene(
  limits: Partial<Http2Limits> = {},
  ...pairs: [number, number][]
): Scene {
  const scene = new Scene("client", limits);
  scene.session.start();
  scene.feed(settings(...pairs));
  scene.output.take();
  scene.said();
  return scene;
}

// --- frames of a peer ---

const GET: readonly Header[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":authority", "app.test"],
  [":path", "/"],
];
const POST: readonly Header[] = [[":method", "POST"], ...GET.slice(1)];

export function headers(
  id: number,
  fields: readonly Header[],
  flags: number = Flag.endHeaders | Flag.endStream,
): Uint8Array {
  return frame(FrameType.headers, flags, id, block(fields));
}

/** A whole GET. */
export const get = (id: number, ...extra: Header[]) => headers(id, [...GET, ...extra]);
/** The head of a POST. */
export const post = (id: number, ...extra: Header[]) =>
  headers(id, [...POST, ...extra], Flag.endHeaders);
/** The head of a response. */
export const status = (id: number, code: number, end: boolean, ...extra: Header[]) =>
  headers(id, [[":status", String(code)], ...extra], Flag.endHeaders | (end ? Flag.endStream : 0));
export const data = (id: number, text: string, flags = 0) =>
  frame(FrameType.data, flags, id, latin1Bytes(text));
export const lastData = (id: number, text: string) => data(id, text, Flag.endStream);
export const rst = (id: number, code: number = ErrorCode.cancel) =>
  frame(FrameType.rstStream, 0, id, uint32(code));
export const windowUpdate = (id: number, increment: number) =>
  frame(FrameType.windowUpdate, 0, id, uint32(increment));
export const goAway = (last: number, code: number = ErrorCode.noError) =>
  frame(FrameType.goAway, 0, 0, uint32(last, code));
export const ping = (flags = 0) =>
  frame(FrameType.ping, flags, 0, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
export const priority = (id: number, dependsOn: number) =>
  frame(FrameType.priority, 0, id, concatBytes([uint32(dependsOn), Uint8Array.of(15)]));

export const Setting = { table: 1, push: 2, streams: 3, window: 4, frame: 5, list: 6 } as const;

export { Flag, FrameType, frame, settings, uint32 };
