import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { concatBytes } from "../../src/core/bytes.ts";
import { BaseConnection } from "./base-connection.ts";
import { plain } from "./plain-bytes.ts";
import { KEEP_ALIVE, socketAddress } from "./socket-address.ts";

/** Bytes that wait in the socket before `write` says that it is full. */
const CAPACITY = 256 * 1024;
/** So many connections whose peers don't take what was written, and less waits in each. */
const CROWD = 64;
/** What a socket of a crowd is given in one piece, until it is beyond its own high-water mark. */
const LITTLE = 16 * 1024;

/** How many such connections this thread has. */
let congested = 0;

/** How long a closed connection's peer may take none of what waits in the socket, in milliseconds. */
const STUCK = 60_000;

/** A socket of node:net as a Connection. */
export class NodeConnection extends BaseConnection {
  protected readonly socket: Socket;
  private readonly onData = (chunk: Buffer) => this.received(plain(chunk));
  protected error: Error | undefined;

  constructor(
    socket: Socket,
    remote = socketAddress(socket.remoteAddress, socket.remotePort),
    local = socketAddress(socket.localAddress, socket.localPort),
  ) {
    super(remote, local);
    this.socket = socket;
    const { _writableState } = socket as unknown as { _writableState?: { highWaterMark: number } };
    if (_writableState !== undefined) _writableState.highWaterMark = LITTLE;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE);
    socket.on("data", this.onData);
    socket.on("drain", () => this.writable());
    socket.on("end", () => this.ended());
    socket.on("error", (error) => {
      this.error ??= error;
    });
    socket.on("close", () => this.gone(this.error));
  }

  /**
   * Gives the socket away, for a TLS handshake: this connection is closed from now on, without a
   * word to its handler. `early` was read of it and is put back; null where the peer is gone already.
   */
  surrender(early: Uint8Array): Socket | null {
    const held = this.abandon();
    if (held === null) return null;
    const { socket } = this;
    socket.off("data", this.onData);
    socket.pause();
    const bytes = concatBytes([early, held]);
    if (bytes.length > 0) socket.unshift(bytes);
    return socket;
  }

  write(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (this.closed || this.dead || this.finSent || this.error !== undefined) return -1;
    const taken = this.crowded
      ? this.offerLittle(bytes, start, end)
      : this.offer(bytes, start, end);
    if (taken === end - start) this.relieved();
    else if (!this.congested) {
      this.congested = true;
      congested++;
    }
    return taken;
  }

  protected override relieved(): void {
    if (this.congested) congested--;
    this.congested = false;
  }

  private offer(bytes: Uint8Array, start: number, end: number): number {
    const { socket } = this;
    let at = start;
    while (at < end && socket.writableLength < CAPACITY) {
      const until = Math.min(end, at + CAPACITY - socket.writableLength);
      const went = this.push(bytes, at, until);
      at = until;
      if (!went) break;
    }
    return at - start;
  }

  get crowded(): boolean {
    return congested >= CROWD;
  }

  /** As the socket says `drain` only behind its high-water mark, that is what is waited for. */
  private offerLittle(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    let went = !this.socket.writableNeedDrain;
    while (at < end && went) {
      const until = Math.min(end, at + LITTLE);
      went = this.push(bytes, at, until);
      at = until;
    }
    return at - start;
  }

  /** A copy, because what the system doesn't take at once waits in the socket. False where it is full. */
  private push(bytes: Uint8Array, start: number, end: number): boolean {
    return this.socket.write(new Uint8Array(bytes.subarray(start, end)));
  }

  protected stopReading(): void {
    this.socket.pause();
  }

  protected startReading(): void {
    this.socket.resume();
  }

  protected sendFin(): void {
    this.socket.end();
  }

  protected closeTransport(): void {
    this.socket.destroySoon();
    if (this.unsent > 0) this.resetWhenStuck();
  }

  protected resetTransport(): void {
    this.socket.resetAndDestroy();
  }

  /** Bytes that the system hasn't taken. */
  protected get unsent(): number {
    return this.socket.writableLength;
  }

  /**
   * For a closed connection. What the system has taken is its to give up; with bytes that wait in
   * the socket, a peer who doesn't read would keep the file descriptor for ever.
   */
  protected resetWhenStuck(): void {
    let left = this.unsent;
    const timer = setInterval(() => {
      const { unsent } = this;
      if (unsent < left) left = unsent;
      else this.resetTransport();
    }, STUCK);
    this.socket.once("close", () => clearInterval(timer));
  }
}
