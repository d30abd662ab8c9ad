import type { Http2Stream } from "./message.ts";

/** A stream's state (RFC 9113 section 5.1) and its windows. */
export class Stream<Owner> implements Http2Stream<Owner> {
  readonly id: number;
  owner: Owner | null = null;
  sendClosed = false;
  receiveClosed = false;
  /** The peer's head has come: what follows with HEADERS are trailers. */
  headReceived = false;
  /** What this side may send, negative where the peer's SETTINGS took some back. */
  sendWindow: number;
  /** What the peer may send. */
  receiveWindow: number;
  /** Consumed bytes that the peer hasn't been told of. */
  consumed = 0;
  /** Received bytes that no reader has consumed. */
  unconsumed = 0;
  /** A part of a body has gone out on it. */
  bodySent = false;
  /** Waits for windows. */
  blocked = false;
  /** The message's Content-Length, -1 for none, and what has come of it. */
  contentLength = -1;
  received = 0;

  constructor(id: number, sendWindow: number, receiveWindow: number) {
    this.id = id;
    this.sendWindow = sendWindow;
    this.receiveWindow = receiveWindow;
  }
}
