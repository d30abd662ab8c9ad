import type { Socket } from "bun";
import type { Address } from "../../src/net/connection.ts";
import type { TlsInfo } from "../../src/net/tls.ts";
import { BoundedConnection } from "./bounds/bounded-connection.ts";
import { freeBytes } from "./free-bytes.ts";

/** The decrypted side of a Bun socket as a Connection. */
export class BunTlsConnection extends BoundedConnection<unknown> {
  override readonly tls: TlsInfo;

  constructor(socket: Socket<unknown>, remote: Address, local: Address, tls: TlsInfo) {
    super(socket, remote, local);
    this.tls = tls;
  }

  write(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (this.closed || this.dead || this.finSent) return -1;
    return this.offer(bytes, start, end);
  }

  override recycle(chunk: Uint8Array): void {
    freeBytes(chunk);
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
