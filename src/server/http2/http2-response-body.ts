import type { ProxyError } from "../../core/errors.ts";
import type { Body, BodySink } from "../../http/body.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { Http2Stream } from "../../wire/http2/message.ts";
import { MISCOUNTED } from "../exchange/response-framing.ts";
import { NOT_IN_HTTP2 } from "./http2-fields.ts";
import type { Http2Server } from "./http2-server.ts";
import type { Http2StreamServer } from "./http2-stream-server.ts";

const NO_BYTES = new Uint8Array(0);

/** Who hears what becomes of a response's body. */
export interface Http2ResponseOwner {
  /** All of it has been handed to the connection. */
  responseSent(): void;
  /** It broke off: the stream can't end cleanly. */
  responseBroken(error: ProxyError): void;
}

/**
 * The way of a response's body to its stream, at the pace of the client's windows. Of what they
 * don't take at most two pieces wait here; the rest stays where it comes from.
 */
export class Http2ResponseBody implements BodySink {
  /** When a client that opens no window has kept its response waiting for too long; 0 for none. */
  stallDeadline = 0;
  private readonly owner: Http2ResponseOwner;
  private readonly server: Http2Server;
  private readonly stream: Http2Stream<Http2StreamServer>;
  private readonly exchange: Exchange;
  private readonly body: Body;
  // The last piece waits for the next or the end, so that END_STREAM goes with it.
  private held: Uint8Array = NO_BYTES;
  private heldStart = 0;
  private heldEnd = 0;
  /** Behind what is held, where the windows didn't take that: the body is paused by then. */
  private next: Uint8Array | null = null;
  /** The body has ended behind what is held. */
  private ended = false;
  private over = false;

  constructor(
    owner: Http2ResponseOwner,
    server: Http2Server,
    stream: Http2Stream<Http2StreamServer>,
    exchange: Exchange,
    body: Body,
  ) {
    this.owner = owner;
    this.server = server;
    this.stream = stream;
    this.exchange = exchange;
    this.body = body;
  }

  begin(): void {
    this.body.pipe(this);
    // What was at hand is out of the body now, and its end may be long in coming.
    if (!this.over) this.bodyFlush();
  }

  /** Nothing more is sent. */
  cancel(error: ProxyError): void {
    this.over = true;
    this.held = NO_BYTES;
    this.next = null;
    this.body.cancel(error);
  }

  bodyChunk(bytes: Uint8Array, start: number, end: number): void {
    const { body } = this;
    const sent = (this.exchange.responseBytes += end - start);
    if (body.length >= 0 && sent > body.length) {
      this.owner.responseBroken(MISCOUNTED);
      return;
    }
    if (!this.sendHeld(false)) {
      this.next = bytes.subarray(start, end);
      this.stalled();
      return;
    }
    this.held = bytes;
    this.heldStart = start;
    this.heldEnd = end;
    if (this.server.backlogged) body.pause();
  }

  bodyFlush(): void {
    if (!this.sendHeld(false)) this.stalled();
    else if (this.server.backlogged) this.body.pause();
    this.server.flushSoon();
  }

  bodyEnd(): void {
    const { body, exchange } = this;
    if (body.length >= 0 && body.length !== exchange.responseBytes) {
      this.owner.responseBroken(MISCOUNTED);
      return;
    }
    this.ended = true;
    this.sendEnd();
    this.server.flushSoon();
  }

  bodyFail(error: ProxyError): void {
    this.owner.responseBroken(error);
  }

  /** The windows have opened, or the connection takes bytes again. */
  writable(): void {
    if (this.ended) this.sendEnd();
    else if (!this.sendHeld(false)) this.stalled();
    else if (!this.server.backlogged) this.body.resume();
  }

  /** The windows are closed: the upstream waits, and the client has so long to open them. */
  private stalled(): void {
    const { server } = this;
    this.body.pause();
    // Nothing else may come for long, and the client opens its windows only for what it gets.
    server.flushSoon();
    if (this.stallDeadline !== 0) return;
    this.stallDeadline = server.entry.deadlines.after(server.entry.idleTimeout);
    if (this.stallDeadline !== 0) server.expectBefore(this.stallDeadline);
  }

  /** Sends what is held; true where the windows took all of it. */
  private sendHeld(last: boolean): boolean {
    const { next } = this;
    const start = this.heldStart;
    const end = this.heldEnd;
    if (start === end && !last) return true;
    const { session } = this.server;
    const taken = session.sendData(this.stream, this.held, start, end, last && next === null);
    if (taken > 0) this.stallDeadline = 0;
    if (taken < end - start) {
      this.heldStart = start + taken;
      return false;
    }
    this.next = null;
    this.held = next ?? NO_BYTES;
    this.heldStart = 0;
    this.heldEnd = this.held.length;
    return next === null || this.sendHeld(last);
  }

  private sendEnd(): void {
    const { trailers } = this.body;
    if (!this.sendHeld(trailers === null)) {
      this.stalled();
      return;
    }
    if (trailers !== null) {
      const { session } = this.server;
      trailers.encodeTo(session.block, NOT_IN_HTTP2);
      session.sendHead(this.stream, true);
    }
    this.over = true;
    this.owner.responseSent();
  }
}
