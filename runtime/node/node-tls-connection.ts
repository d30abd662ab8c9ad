import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { TlsInfo } from "../../src/net/tls.ts";
import { NodeConnection } from "./node-connection.ts";

/** The decrypted side of a TLS socket of node:tls as a Connection. */
export class NodeTlsConnection extends NodeConnection {
  override readonly tls: TlsInfo;
  private readonly raw: Socket;

  constructor(socket: TLSSocket, raw: Socket, plain: NodeConnection, tls: TlsInfo) {
    super(socket, plain.remote, plain.local);
    this.raw = raw;
    this.tls = tls;
  }

  protected override resetTransport(): void {
    this.raw.resetAndDestroy();
    super.resetTransport();
  }
}
