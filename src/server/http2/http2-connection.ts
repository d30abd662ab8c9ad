import { afterEvents } from "../../core/loop/after-events.ts";
import { inTurns } from "../../core/loop/in-turns.ts";
import type { HandshakeOptions } from "../../http/exchange.ts";
import type { Connection, ConnectionHandler } from "../../net/connection.ts";
import { ConnectionWriter, type WriterOwner } from "../../net/connection-writer.ts";
import type { Fields } from "../../wire/fields.ts";
import { errorName } from "../../wire/http2/frames/error-name.ts";
import {
  ErrorCode,
  HEAD_WORK,
  type Http2Head,
  type Http2Session,
  type Http2Sink,
  type Http2Stream,
} from "../../wire/http2/message.ts";
import { Session } from "../../wire/http2/session.ts";
import { MutedConnection } from "../connection/muted-connection.ts";
import type { HttpEntryPoint } from "../entry-point/http-entry-point.ts";
import { clientGone, DRAIN_MOMENT, graceTimeOver } from "../exchange/exchange-endings.ts";
import { ServerConnection } from "../exchange/server-connection.ts";
import { LingeringConnection } from "../http1/lingering-connection.ts";
import { Http2Arrivals } from "./http2-arrivals.ts";
import { Http2HeadMemory } from "./http2-head-memory.ts";
import { Http2RefusedStreams } from "./http2-refused-streams.ts";
import { Http2Wire, LINGER_TIME } from "./http2-wire.ts";

/** Output that may wait for a client before nothing more is read of it: what it sends makes answers. */
const READ_WATERMARK = 256 * 1024;
/** What is read of a client in one go, as the session counts it: the rest waits until others had their turn. */
const READ_AT_ONCE = 64 * HEAD_WORK;
/** How long, in milliseconds, a client that was told to leave may take to answer a PING. */
const LEAVING_TIME = 1000;

/** An HTTP/2 connection in the server role (RFC 9113): frames to and from streams, each with its own request. */
export class Http2Connection
  extends ServerConnection
  implements ConnectionHandler, Http2Sink<Http2Wire>, WriterOwner
{
  readonly session: Http2Session<Http2Wire>;
  private readonly connection: Connection;
  private readonly writer: ConnectionWriter;
  private readonly streams = new Set<Http2Wire>();
  /** Nearly every connection has none. */
  private refused: Http2RefusedStreams<Http2Wire> | null = null;
  private readonly arrivals = new Http2Arrivals(() => this.flush());
  /** Streams that got a piece of their request's body in this read event. */
  private readonly touched: Http2Wire[] = [];
  private inRead = false;
  private flushing = false;
  private readonly flushNow = () => {
    this.flushing = false;
    this.flush();
  };
  private readingPaused = false;
  /** Received, and not read yet: the connection is paused meanwhile. */
  private unread: Uint8Array | null = null;
  private readonly readOn = () => {
    const { unread } = this;
    if (unread !== null && !this.readingPaused) this.data(unread);
  };
  private readonly headMemory: Http2HeadMemory;
  private draining = false;
  /** What the client sent before it knew of the drain is all here. */
  private settled = false;
  /** The client knows of the drain. */
  private told = false;
  /** For the client's word that it knows of the drain, then for what it may have sent about then; 0 for none. */
  private leavingDeadline = 0;
  private over = false;
  /** Nothing is left to do but to send what waits and to close. */
  private ending = false;
  private flooded = false;
  private idleDeadline: number;
  /** For the rest of a header block, or of the preface; 0 where none is incomplete. */
  private headDeadline = 0;
  /** For a client that doesn't take what waits for it; 0 where nothing does. */
  private stallDeadline = 0;

  /** `remote` and `local` may be what a PROXY protocol header said instead of the connection's own. */
  constructor(
    connection: Connection,
    entry: HttpEntryPoint,
    remote = connection.remote,
    local = connection.local,
    tlsOptions: HandshakeOptions | null = null,
  ) {
    super(entry, remote, local, connection.tls, tlsOptions);
    this.connection = connection;
    this.writer = new ConnectionWriter(connection, this, true);
    this.session = new Session("server", entry.http2Limits, this, this.writer);
    this.headMemory = new Http2HeadMemory(entry.http2Limits.maxHeaderListBytes);
    this.idleDeadline = this.expectIn(entry.readTimeout);
    this.session.start();
    // It came while the entrypoint was shutting down, as from a handshake.
    if (entry.draining) this.beginDrain();
  }

  /** So much waits for the client that streams should stop producing until `writable`. */
  get congested(): boolean {
    return this.writer.congested;
  }

  get backlogged(): boolean {
    return this.writer.backlogged;
  }

  /** Sends what streams have written, in one piece: behind this read event, or behind all events at hand. */
  flushSoon(): void {
    if (this.inRead || this.flushing) return;
    this.flushing = true;
    afterEvents(this.flushNow);
  }

  // --- the connection ---

  data(chunk: Uint8Array): void {
    if (this.over) return;
    this.inRead = true;
    this.session.at(this.entry.deadlines.time);
    const at = this.session.receive(chunk, 0, chunk.length, READ_AT_ONCE);
    this.watchHead();
    const { touched } = this;
    this.arrivals.start();
    for (let i = 0; i < touched.length; i++) touched[i].flushRequest();
    touched.length = 0;
    this.inRead = false;
    this.flush();
    if (this.ending) this.finish();
    else this.readNext(at === chunk.length ? null : chunk.subarray(at));
  }

  /** `unread`: what of the last piece is left for another turn. */
  private readNext(unread: Uint8Array | null): void {
    const before = this.unread;
    this.unread = unread;
    if (this.writer.pending >= READ_WATERMARK) {
      this.pauseReading();
    } else if (unread !== null) {
      this.connection.pause();
      inTurns(this.readOn);
    } else if (before !== null) {
      this.connection.resume();
    }
  }

  private watchHead(): void {
    if (!this.session.inHead) {
      this.headDeadline = 0;
    } else if (this.headDeadline === 0) {
      this.headDeadline = this.expectIn(this.entry.readTimeout);
    }
  }

  private pauseReading(): void {
    this.readingPaused = true;
    this.connection.pause();
  }

  drain(): void {
    this.stallDeadline = 0;
    this.writer.drain();
    this.watchReader();
  }

  drained(): void {
    if (this.readingPaused) {
      this.readingPaused = false;
      if (this.unread === null) this.connection.resume();
      else inTurns(this.readOn);
    }
    for (const stream of this.streams) {
      if (this.writer.backlogged) break;
      stream.driver.writable();
    }
    this.flush();
  }

  private flush(): void {
    this.writer.flush();
    this.watchReader();
  }

  /** A client that takes nothing at all has as long as one that opens no window. */
  private watchReader(): void {
    if (this.over || this.stallDeadline !== 0 || !this.writer.congested) return;
    this.stallDeadline = this.expectIn(this.entry.idleTimeout);
  }

  /** FIN: no client that speaks HTTP/2 half-closes, and without the client's WINDOW_UPDATEs little could be sent. */
  end(): void {
    if (!this.over) this.clientGone("The client closed the connection");
  }

  close(error?: Error): void {
    if (this.over) return;
    this.clientGone(
      error === undefined
        ? "The client closed the connection"
        : `The client's connection failed: ${error.message}`,
    );
  }

  private clientGone(reason: string): void {
    const idle = this.streams.size === 0;
    this.leave();
    for (const { driver } of [...this.streams]) this.breakOffExchange(driver, clientGone(reason));
    if (idle) this.connection.close();
    else this.connection.reset();
  }

  private leave(): void {
    this.over = true;
    this.forget();
  }

  // --- streams, as the session finds them ---

  streamHead(stream: Http2Stream<Http2Wire>, head: Http2Head, end: boolean): void {
    if (!this.headMemory.take(head.bytes.length)) {
      this.session.reset(stream, ErrorCode.refusedStream);
      return;
    }
    const { deadlines, readTimeout } = this.entry;
    const wire = new Http2Wire(this, stream, head, end, deadlines.after(readTimeout));
    stream.owner = wire;
    this.streams.add(wire);
    this.arrivals.add(wire);
    this.requests++;
    if (this.worn) this.beginDrain();
  }

  streamAnswered(stream: Http2Stream<Http2Wire>): void {
    this.refused ??= new Http2RefusedStreams();
    this.refused.add(stream, this.expectIn(LINGER_TIME));
  }

  streamData(stream: Http2Stream<Http2Wire>, bytes: Uint8Array, start: number, end: number): void {
    const { owner } = stream;
    if (owner === null) {
      this.session.consume(stream, end - start);
      return;
    }
    owner.received(bytes, start, end);
    const { touched } = this;
    if (touched.length === 0 || touched[touched.length - 1] !== owner) touched.push(owner);
  }

  streamEnd(stream: Http2Stream<Http2Wire>, trailers: Fields | null, bytes: Uint8Array): void {
    if (trailers !== null && !this.headMemory.take(bytes.length)) {
      this.session.reset(stream, ErrorCode.enhanceYourCalm);
      this.streamReset(stream, ErrorCode.enhanceYourCalm, false);
      return;
    }
    if (stream.owner === null) this.session.returnWindow();
    else stream.owner.requestEnded(trailers, bytes);
  }

  streamReset(stream: Http2Stream<Http2Wire>, code: number, byPeer: boolean): void {
    const what = byPeer ? "reset the stream" : "broke a rule of HTTP/2";
    const { owner } = stream;
    if (owner === null) return;
    const error = clientGone(`The client ${what} (${errorName(code)})`);
    this.breakOffExchange(owner.driver, error);
  }

  streamWritable(stream: Http2Stream<Http2Wire>): void {
    if (!this.writer.backlogged) stream.owner?.driver.writable();
  }

  peerSettings(): void {}

  peerGoAway(): void {
    this.draining = true;
    this.settle();
  }

  /** A client with several threads may have written a request just behind its answer. */
  pong(): void {
    if (!this.draining || this.told || this.settled) return;
    this.told = true;
    this.leavingDeadline = this.expectIn(DRAIN_MOMENT);
  }

  sessionError(code: number, reason: string): void {
    this.entry.logger.debug("Closed an HTTP/2 connection", {
      remote: this.remote.ip,
      code: errorName(code),
      reason,
    });
    this.flooded = code === ErrorCode.enhanceYourCalm;
    this.endSoon();
  }

  /** A stream is done with, one way or the other. */
  streamOver(wire: Http2Wire): void {
    if (!this.streams.delete(wire)) return;
    this.headMemory.giveBack(wire.headBytes);
    if (this.streams.size > 0 || this.over) return;
    if (!this.draining) this.becomeIdle();
    else if (this.settled) this.endSoon();
  }

  // --- the end ---

  /** Not from inside the session: the read event, if there is one, ends it. */
  private endSoon(): void {
    this.ending = true;
    if (!this.inRead) this.finish();
  }

  /** The last GOAWAY tells the client which requests no handler has looked at. */
  private finish(): void {
    if (this.over) return;
    this.session.abort(ErrorCode.noError, "");
    this.leave();
    const End = this.flooded ? MutedConnection : LingeringConnection;
    new End(this.entry, this.connection, this.writer);
  }

  /**
   * GOAWAY that refuses nothing yet, and a PING: a moment behind its answer come no more requests.
   * Closed before, the connection would lose those that are on their way (RFC 9113 section 6.8).
   */
  beginDrain(): void {
    if (this.draining) return;
    this.draining = true;
    this.session.drain();
    this.session.ping();
    this.leavingDeadline = this.expectIn(LEAVING_TIME);
  }

  /** Streams that a client opens now are its own fault; those that are there go on. */
  private refuseMore(): void {
    if (this.streams.size > 0) this.session.refuseMore();
    this.settle();
    if (!this.over) this.flush();
  }

  private settle(): void {
    this.settled = true;
    this.leavingDeadline = 0;
    if (this.streams.size === 0) this.endSoon();
  }

  // --- time limits ---

  private resetRefused(refused: Http2RefusedStreams<Http2Wire>): void {
    refused.reset(this.session, this.entry.deadlines.time);
    this.expectBefore(refused.due);
    this.flush();
  }

  private becomeIdle(): void {
    this.idleDeadline = this.expectIn(this.entry.idleTimeout);
  }

  expired(): void {
    if (this.passed(this.headDeadline)) {
      this.session.abort(ErrorCode.cancel, "a header block took longer than the readTimeout");
      this.endSoon();
      return;
    }
    if (this.streams.size === 0 && this.passed(this.idleDeadline)) {
      this.endSoon();
      return;
    }
    if (this.passed(this.stallDeadline)) {
      this.clientGone("The client took nothing within the idleTimeout");
      return;
    }
    if (this.passed(this.leavingDeadline)) this.refuseMore();
    if (this.refused !== null) this.resetRefused(this.refused);
    for (const stream of [...this.streams]) {
      if (this.passed(stream.driver.due)) stream.driver.expired();
    }
  }

  /** Graceful shutdown: the connection closes behind its last stream. */
  drainConnection(): void {
    if (this.over) return;
    this.beginDrain();
    this.flush();
  }

  /** The grace time is over. */
  cutConnection(): void {
    if (this.over) return;
    this.leave();
    for (const { driver } of [...this.streams]) driver.breakOff(graceTimeOver());
    this.connection.reset();
  }
}
