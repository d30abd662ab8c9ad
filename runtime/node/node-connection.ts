import type { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { concatBytes } from "../../src/core/bytes.ts";
import { BaseConnection } from "./base-connection.ts";
import { plain } from "./plain-bytes.ts";
import { KEEP_ALIVE, socketAddress } from "./socket-address.ts";

/** Bytes that wait in the socket before `write` says that it is full. */
const CAPACITY = 256 * 1024;
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
    const { socket } = this;
    if (this.closed || this.dead || this.finSent || this.error !== undefined) return -1;
    let at = start;
    while (at < end && socket.writableLength < CAPACITY) {
      const until = Math.min(end, at + CAPACITY - socket.writableLength);
      // A copy, because what the system doesn't take at once waits in the socket.
      const went = socket.write(new Uint8Array(bytes.subarray(at, until)));
      at = until;
      if (!went) break;
    }
    this.congested = at < end;
    return at - start;
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
