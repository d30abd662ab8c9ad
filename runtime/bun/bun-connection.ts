import type { Socket } from "bun";
import { BaseConnection } from "../node/base-connection.ts";
import { KEEP_ALIVE, socketAddress } from "../node/socket-address.ts";

/**
 * A Bun socket as a Connection. It is its socket's `data`: the event table that all sockets share
 * calls its methods.
 */
export class BunConnection extends BaseConnection {
  private readonly socket: Socket<BunConnection>;

  constructor(socket: Socket<BunConnection>) {
    super(
      socketAddress(socket.remoteAddress, socket.remotePort),
      socketAddress(socket.localAddress, socket.localPort),
    );
    this.socket = socket;
    socket.setKeepAlive(true, KEEP_ALIVE);
  }

  /**
   * Gives the socket away, for a TLS handshake: this connection is closed from now on, without a
   * word to its handler, and so are the bytes that the socket goes on to tell it of. Null where
   * there is nothing to give.
   */
  surrender(): Socket<BunConnection> | null {
    if (this.closed || this.dead) return null;
    this.abandon();
    return this.socket;
  }

  write(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (this.closed) return -1;
    const taken = this.socket.write(bytes, start, end - start);
    this.congested = taken >= 0 && taken < end - start;
    return taken;
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
