import type { Address, Connection } from "../../net/connection.ts";
import type { AcceptedConnection } from "../../net/tcp-handler.ts";
import type { Drainable, HttpEntryPoint } from "../entry-point/http-entry-point.ts";

/** A connection that a TCP service has, as its entrypoint keeps it in mind. On shutdown it lives as long as the grace time. */
export class ServedConnection implements AcceptedConnection, Drainable {
  readonly connection: Connection;
  readonly early: Uint8Array;
  readonly remote: Address;
  readonly local: Address;
  cut: () => void;
  private readonly entry: HttpEntryPoint;

  constructor(
    entry: HttpEntryPoint,
    connection: Connection,
    early: Uint8Array,
    remote: Address,
    local: Address,
  ) {
    this.entry = entry;
    this.connection = connection;
    this.early = early;
    this.remote = remote;
    this.local = local;
    this.cut = () => connection.reset();
    entry.connections.add(this);
  }

  get entryPoint(): string {
    return this.entry.name;
  }

  closed(): void {
    this.entry.connections.delete(this);
  }

  drainConnection(): void {}

  cutConnection(): void {
    this.closed();
    this.cut();
  }
}
