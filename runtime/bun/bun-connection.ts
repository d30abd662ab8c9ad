import type { Socket } from "bun";
import { concatBytes } from "../../src/core/bytes.ts";
import type { Connection, SpliceOptions } from "../../src/net/connection.ts";
import { KEEP_ALIVE, socketAddress } from "../node/socket-address.ts";
import { BoundedConnection } from "./bounds/bounded-connection.ts";
import { freeBytes } from "./free-bytes.ts";
import { spliceSockets } from "./splice/splice-sockets.ts";

/**
 * A Bun socket as a Connection. It is its socket's `data`: the event table that all sockets share
 * calls its methods.
 */
export class BunConnection extends BoundedConnection<BunConnection> {
  /** Resets the relay that has the socket; null where none has. */
  private resetSplice: (() => void) | null = null;

  /** A unix socket's peer has no address but the path that was dialled. */
  constructor(
    socket: Socket<BunConnection>,
    remote = socketAddress(socket.remoteAddress, socket.remotePort),
  ) {
    super(socket, remote, socketAddress(socket.localAddress, socket.localPort));
    socket.setKeepAlive(true, KEEP_ALIVE);
  }

  /**
   * Gives the socket away, for a TLS handshake: this connection is closed from now on, without a
   * word to its handler. `early` is what was read of it; null where the peer is gone already.
   */
  surrender(early: Uint8Array): { socket: Socket<BunConnection>; early: Uint8Array } | null {
    const held = this.abandon();
    if (held === null) return null;
    return {
      socket: this.socket,
      early: held.length === 0 ? early : concatBytes([early, held]),
    };
  }

  write(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (this.closed) return -1;
    return this.offer(bytes, start, end);
  }

  override recycle(chunk: Uint8Array): void {
    freeBytes(chunk);
  }

  override reset(): void {
    if (this.resetSplice === null) super.reset();
    else this.resetSplice();
  }

  splice(other: Connection, options: SpliceOptions): boolean {
    if (!(other instanceof BunConnection) || !this.untouched || !other.untouched) return false;
    const reset = spliceSockets(this.socket, other.socket, options, () => {
      this.abandon();
      other.abandon();
    });
    if (reset === null) return false;
    this.resetSplice = reset;
    other.resetSplice = reset;
    return true;
  }

  protected stopReading(): void {
    this.socket.pause();
  }

  protected startReading(): void {
    this.socket.resume();
  }

  protected sendFin(): void {
    this.socket.shutdown();
  }

  protected closeTransport(): void {
    this.socket.end();
  }

  protected resetTransport(): void {
    this.socket.terminate();
  }
}
