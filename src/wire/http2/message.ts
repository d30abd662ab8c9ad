import type { Fields } from "../fields.ts";

/** Error codes of RST_STREAM and GOAWAY (RFC 9113 section 7). */
export const ErrorCode = {
  noError: 0x0,
  protocolError: 0x1,
  internalError: 0x2,
  flowControlError: 0x3,
  settingsTimeout: 0x4,
  streamClosed: 0x5,
  frameSizeError: 0x6,
  refusedStream: 0x7,
  cancel: 0x8,
  compressionError: 0x9,
  connectError: 0xa,
  enhanceYourCalm: 0xb,
  inadequateSecurity: 0xc,
  http11Required: 0xd,
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/**
 * The head of a request or response (RFC 9113 section 8.3), already checked: names are lower case,
 * values are free of CR, LF and NUL, pseudo-header fields are complete and in front, connection-specific
 * fields are refused. `bytes` and `fields` are the receiver's to keep.
 */
export interface Http2Head {
  readonly bytes: Uint8Array;
  /**
   * The regular fields. A request's `:authority` stands here too, first, as a field with the name
   * `host`; a Host field that says something else makes the request malformed.
   */
  readonly fields: Fields;
  readonly method: string;
  readonly scheme: string;
  /** `:authority`, else the Host field, else "". */
  readonly authority: string;
  /** `:path`: origin form or "*"; "" for CONNECT. */
  readonly path: string;
  /** Responses; 0 for requests. */
  readonly status: number;
  /** -1 where the head names no Content-Length. What comes is checked against it. */
  readonly contentLength: number;
}

/** Where frames are written; a ConnectionWriter is one. Flushing is the driver's. */
export interface Http2Output {
  /** Where `reserve` made room. Valid until `commit`. */
  readonly buffer: Uint8Array;
  reserve(size: number): number;
  commit(end: number): void;
  /** The array must not be changed any more. */
  write(bytes: Uint8Array, start?: number, end?: number): void;
}

/**
 * Hears what a session receives. `Owner` is what the driver keeps at a stream. Methods may call the
 * session back (send, reset, consume), but not `receive`.
 */
export interface Http2Sink<Owner> {
  /**
   * Server role: a new stream with its request. Client role: the response on a stream of ours, or an
   * interim one before it (status below 200). `end`: nothing follows.
   */
  streamHead(stream: Http2Stream<Owner>, head: Http2Head, end: boolean): void;
  /**
   * Server role: the session has answered a request itself, and more of it is to come. The driver resets
   * the stream when the client has had time to read the answer; without this method the session does so
   * at once.
   */
  streamAnswered?(stream: Http2Stream<Owner>): void;
  /** A piece of the body, `bytes[start, end)`, never empty, without padding. `consume` must follow, now or later. */
  streamData(stream: Http2Stream<Owner>, bytes: Uint8Array, start: number, end: number): void;
  /** The message is complete, behind a head whose `end` was false. `trailers` point into `bytes`; null for none. */
  streamEnd(stream: Http2Stream<Owner>, trailers: Fields | null, bytes: Uint8Array): void;
  /**
   * The stream is gone before both sides were done: the peer reset it, it broke a rule (the session has
   * reset it), or the session is over. Not called for a reset of the driver's own. `code` is
   * refusedStream where the peer has certainly not looked at it. A malformed request's stream was
   * never heard of before: its `owner` is null.
   */
  streamReset(stream: Http2Stream<Owner>, code: number, byPeer: boolean): void;
  /** Windows have opened for a stream whose `sendData` took less than all. */
  streamWritable(stream: Http2Stream<Owner>): void;
  /** The peer's SETTINGS: first ones, or a change. */
  peerSettings(): void;
  /** The peer's GOAWAY: it opens or takes no streams above `lastStreamId`; those of ours are reset by then. */
  peerGoAway(lastStreamId: number, code: number): void;
  /** An answer to `ping`. */
  pong(): void;
  /**
   * The connection is over: it broke a rule of the protocol or a budget. GOAWAY stands in the output:
   * flush, then close. All streams have heard `streamReset` before. Called at most once.
   */
  sessionError(code: number, reason: string): void;
}

/** One stream, as its driver sees it. */
export interface Http2Stream<Owner> {
  readonly id: number;
  /** The driver's, null at first. */
  owner: Owner | null;
  /** This side has sent END_STREAM, or either side has reset the stream. */
  readonly sendClosed: boolean;
  /** The peer has sent END_STREAM, or either side has reset the stream. */
  readonly receiveClosed: boolean;
}

/** Sizes in bytes. */
export interface Http2Limits {
  /** Streams that the peer may have open at once (SETTINGS_MAX_CONCURRENT_STREAMS). Traefik's default is 250. */
  maxConcurrentStreams: number;
  /** SETTINGS_HEADER_TABLE_SIZE: the peer's encoder may use so much of our memory. */
  maxDecoderHeaderTableSize: number;
  /** Cap of our encoder's table, whatever the peer allows. */
  maxEncoderHeaderTableSize: number;
  /** A header block decoded, 32 more for each field (SETTINGS_MAX_HEADER_LIST_SIZE), and also as sent. More is 431 in the server role: a stream error, the connection lives. */
  maxHeaderListBytes: number;
  /** Fields in a header block. */
  maxFields: number;
  /** SETTINGS_INITIAL_WINDOW_SIZE: what a stream may receive beyond what was consumed. */
  streamWindow: number;
  /** The same for the whole connection. */
  connectionWindow: number;
  /** SETTINGS_MAX_FRAME_SIZE; 16,384 at least. */
  maxFrameSize: number;
  /** Control frames (SETTINGS, PING, RST_STREAM, empty DATA, WINDOW_UPDATE, PRIORITY, unknown ones) that may come without useful work between them; in ten seconds as many again. */
  maxIdleControlFrames: number;
  /** Resets by the peer before it has any of a body, beyond the streams that were answered (CVE-2023-44487); in two seconds as many again. Twice what may be open at once: a client may give all of it up, and once more. */
  maxResets: number;
}

export const DEFAULT_HTTP2_LIMITS: Http2Limits = {
  maxConcurrentStreams: 250,
  maxDecoderHeaderTableSize: 4096,
  maxEncoderHeaderTableSize: 4096,
  maxHeaderListBytes: 1024 * 1024,
  // The list's bytes bound them: each counts 32 beside its name and value.
  maxFields: Number.POSITIVE_INFINITY,
  streamWindow: 256 * 1024,
  connectionWindow: 1024 * 1024,
  maxFrameSize: 16 * 1024,
  maxIdleControlFrames: 1000,
  maxResets: 500,
};

/**
 * A header block being encoded for the next `sendHead`: pseudo-header fields first. Names are lower
 * case on the wire whatever their spelling here.
 */
export interface HeaderBlock {
  status(status: number): void;
  /** All four pseudo-header fields of a request. */
  request(method: string, scheme: string, authority: string, path: string): void;
  /** A field whose name and value are in `bytes`; `id` is the name's (see field-names.ts), 0 for others. */
  field(
    id: number,
    bytes: Uint8Array,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void;
  /** A field with Latin-1 text. */
  text(id: number, name: string, value: string): void;
}

/** Frames that a header block is as much work as. */
export const HEAD_WORK = 8;

/** A session (connection) of HTTP/2, in either role. See session.ts. */
export interface Http2Session<Owner> {
  /** Writes this side's preface: SETTINGS, and the window of the connection. Once, before anything else. */
  start(): void;
  /**
   * The time in milliseconds, on a clock that never goes back: what costs a peer nothing is limited per
   * time. Said before `receive`, as often as the driver likes.
   */
  at(time: number): void;
  /**
   * Takes what arrived; calls the sink. Nothing is kept of `bytes` but what the sink keeps. Stops behind
   * so much work as `most` says, counted in frames that aren't DATA, a header block as HEAD_WORK of them,
   * and returns the offset behind what was taken: the rest is to be given next.
   */
  receive(bytes: Uint8Array, start: number, end: number, most?: number): number;
  /** The transport is gone: every stream hears `streamReset`. */
  gone(): void;

  /** Client role: a new stream, for the next `sendHead`. Null where the peer takes no more now (see `openable`). */
  open(owner: Owner): Http2Stream<Owner> | null;
  /** Client role: how many more streams the peer takes now; 0 behind a GOAWAY or when ids run out. */
  readonly openable: number;
  readonly streamCount: number;
  /** What the peer takes of a header list, as `maxHeaderListBytes` is counted. Keeping to it is the driver's. */
  readonly peerMaxHeaderListBytes: number;

  /** Begins a header block. Exactly one `sendHead` must follow before any other call. */
  readonly block: HeaderBlock;
  /**
   * Sends the block as a head (also an interim one) or as trailers. `end`: nothing follows. On a
   * stream that can't send any more the block is dropped.
   */
  sendHead(stream: Http2Stream<Owner>, end: boolean): void;
  /**
   * Sends as much of `bytes[start, end)` as the windows allow and returns how many bytes that was.
   * Less than all: keep the rest; `streamWritable` will be called. `last` sends END_STREAM with the
   * last byte (also with none).
   */
  sendData(
    stream: Http2Stream<Owner>,
    bytes: Uint8Array,
    start: number,
    end: number,
    last: boolean,
  ): number;
  /** The receiver is done with so many bytes of a stream's data: the peer may send as many again. Right also behind the stream's end. */
  consume(stream: Http2Stream<Owner>, bytes: number): void;
  /**
   * Gives the peer back what was consumed of the connection's window at once, or a byte more. For a
   * stream that was answered before its request's end: curl 7.88 stops sending, ends the stream and sees
   * that both sides are done only when another frame comes.
   */
  returnWindow(): void;
  /** RST_STREAM; the sink hears nothing more of the stream. Does nothing where both sides are done. */
  reset(stream: Http2Stream<Owner>, code: number): void;
  /** GOAWAY without error: the peer opens no more streams, those that are there go on (RFC 9113 section 6.8). */
  drain(): void;
  /** Server role, behind `drain` and a moment: GOAWAY with the last stream that is served; those above are refused. */
  refuseMore(): void;
  /** GOAWAY with a code, and every stream hears `streamReset`. The driver flushes and closes. */
  abort(code: number, reason: string): void;
  /** PING; `pong` follows. */
  ping(): void;
  /** True while a header block is incomplete (between HEADERS and the last CONTINUATION), or the preface is. */
  readonly inHead: boolean;
}
