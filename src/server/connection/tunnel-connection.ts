import type { Exchange } from "../../http/exchange.ts";
import type { Tunnel } from "../../http/lazy/lazy-response.ts";
import type { Connection } from "../../net/connection.ts";
import type { ConnectionWriter } from "../../net/connection-writer.ts";
import { relay } from "../../net/relay.ts";
import type { Drainable, HttpEntryPoint } from "../entry-point/http-entry-point.ts";

/**
 * A connection that has stopped being HTTP: bytes go between client and upstream until either is
 * gone. It outlives reloads, and on shutdown it lives as long as the grace time.
 */
export class TunnelConnection implements Drainable {
  private readonly entry: HttpEntryPoint;
  private readonly client: Connection;
  private readonly upstream: Connection;

  constructor(
    entry: HttpEntryPoint,
    client: Connection,
    writer: ConnectionWriter,
    early: Uint8Array,
    ended: boolean,
    tunnel: Tunnel,
    exchange: Exchange,
  ) {
    this.entry = entry;
    this.client = client;
    this.upstream = tunnel.connection;
    entry.connections.add(this);
    exchange.status = 101;
    if (writer.congested) {
      // A client that doesn't even take the 101 head will not take what follows it.
      this.cutConnection();
      this.finished(exchange);
      return;
    }
    relay(client, this.upstream, {
      earlyFromA: early,
      earlyFromB: tunnel.early,
      endedA: ended,
      onClose: (fromClient, fromUpstream) => {
        exchange.requestBytes += fromClient;
        exchange.responseBytes += fromUpstream;
        this.finished(exchange);
      },
    });
  }

  private finished(exchange: Exchange): void {
    this.entry.connections.delete(this);
    exchange.finish();
  }

  drainConnection(): void {}

  cutConnection(): void {
    this.client.reset();
    this.upstream.reset();
  }
}
