import type { TLSSocket } from "node:tls";
import type { TlsInfo } from "../../../src/net/tls.ts";
import { NodeConnection } from "../node-connection.ts";
import type { TransportStream } from "../transport-stream.ts";

/** The decrypted side of a TLSSocket of node:tls as a Connection. */
export class NodeTlsConnection extends NodeConnection {
  override readonly tls: TlsInfo;
  private readonly transport: TransportStream;

  constructor(socket: TLSSocket, transport: TransportStream, plain: NodeConnection, tls: TlsInfo) {
    super(socket, plain.remote, plain.local);
    this.transport = transport;
    this.tls = tls;
    transport.socket.on("error", (error) => {
      this.error ??= error;
    });
    // Undocumented: where a server's socket tells of bytes that were tampered with.
    socket.on("_tlsError", (error) => {
      this.error ??= error;
      transport.socket.resetAndDestroy();
      socket.destroy();
    });
    socket.on("finish", () => transport.endSoon());
  }

  protected override stopReading(): void {
    this.transport.hold();
    super.stopReading();
  }

  protected override startReading(): void {
    this.transport.release();
    super.startReading();
  }

  /** Not `destroySoon`: it forgets what is encrypted and not yet written. */
  protected override closeTransport(): void {
    const { socket, transport } = this;
    socket.end();
    socket.resume();
    transport.release();
    transport.once("finish", () => socket.destroy());
    this.resetWhenStuck();
  }

  protected override get unsent(): number {
    const { socket, transport } = this;
    return socket.writableLength + transport.writableLength + transport.socket.writableLength;
  }

  protected override resetTransport(): void {
    this.transport.socket.resetAndDestroy();
    super.resetTransport();
  }
}
