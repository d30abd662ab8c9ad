import type { Expiring } from "../../core/timers.ts";
import type { Connection, ConnectionHandler } from "../../net/connection.ts";
import type { ConnectionWriter } from "../../net/connection-writer.ts";
import type { Drainable, HttpEntryPoint } from "../entry-point/http-entry-point.ts";

/** How long, in milliseconds, the client has to read why it isn't listened to. */
const TIME = 1000;

/**
 * The connection of a client that floods: it is told so, and nothing more is read of it, because
 * reading is what a flood is about. A reset ends it. Until then the client can't do on it what it
 * would do on a new one.
 */
export class MutedConnection implements ConnectionHandler, Expiring, Drainable {
  deadline: number;
  private readonly entry: HttpEntryPoint;
  private readonly connection: Connection;
  private readonly writer: ConnectionWriter;

  /** Takes the connection over. */
  constructor(entry: HttpEntryPoint, connection: Connection, writer: ConnectionWriter) {
    this.entry = entry;
    this.connection = connection;
    this.writer = writer;
    this.deadline = entry.deadlines.after(TIME);
    entry.deadlines.add(this);
    entry.connections.add(this);
    connection.handler = this;
    connection.pause();
    writer.shutdownAfterFlush();
  }

  data(): void {}

  drain(): void {
    this.writer.drain();
  }

  end(): void {
    this.connection.reset();
  }

  close(): void {
    this.entry.deadlines.remove(this);
    this.entry.connections.delete(this);
  }

  expired(): void {
    this.connection.reset();
  }

  drainConnection(): void {
    this.connection.reset();
  }

  cutConnection(): void {
    this.connection.reset();
  }
}
