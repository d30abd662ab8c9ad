import type { Socket } from "bun";
import type { Address } from "../../src/net/connection.ts";
import type { TlsInfo } from "../../src/net/tls.ts";
import { BaseConnection } from "../node/base-connection.ts";
import { freeBytes } from "./free-bytes.ts";

/** The decrypted side of a Bun socket as a Connection. */
export class BunTlsConnection extends BaseConnection {
  override readonly tls: TlsInfo;
  private readonly socket: Socket<unknown>;

  constructor(socket: Socket<unknown>, remote: Address, local: Address, tls: TlsInfo) {
    super(remote, local);
    this.socket = socket;
    this.tls = tls;
  }

  write(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (this.closed || this.dead || this.finSent) return -1;
    const taken = this.socket.write(bytes, start, end - start);
    this.congested = taken >= 0 && taken < end - start;
    return taken;
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
