import type { Expiring } from "../../core/timers.ts";
import type { Connection, ConnectionHandler } from "../../net/connection.ts";
import type { ConnectionWriter } from "../../net/connection-writer.ts";
import type { Drainable, HttpEntryPoint } from "../entry-point/http-entry-point.ts";

/**
 * How long, in milliseconds, the client has to read the response, and how many bytes of what it still
 * sends are read meanwhile. Behind them it stays blocked: a reset would be faster than the response.
 */
const TIME = 2000;
const BYTES = 1024 * 1024;

/**
 * A connection behind its last response, whole or broken off: what waits goes out, FIN follows, and
 * what the client still sends is read and dropped for a while. Closed at once, with bytes unread,
 * the connection would end in a reset that may overtake the response (RFC 9112 section 9.6).
 */
export class LingeringConnection implements ConnectionHandler, Expiring, Drainable {
  deadline: number;
  private readonly entry: HttpEntryPoint;
  private readonly connection: Connection;
  private readonly writer: ConnectionWriter;
  private received = 0;

  /** Takes the connection over. */
  constructor(entry: HttpEntryPoint, connection: Connection, writer: ConnectionWriter) {
    this.entry = entry;
    this.connection = connection;
    this.writer = writer;
    this.deadline = entry.deadlines.after(TIME);
    entry.deadlines.add(this);
    entry.connections.add(this);
    connection.handler = this;
    writer.shutdownAfterFlush();
    connection.resume();
  }

  data(chunk: Uint8Array): void {
    this.received += chunk.length;
    if (this.received > BYTES) this.connection.pause();
  }

  drain(): void {
    this.writer.drain();
  }

  end(): void {
    this.writer.closeAfterFlush();
  }

  close(): void {
    this.entry.deadlines.remove(this);
    this.entry.connections.delete(this);
  }

  /** With bytes that the client didn't take there is nothing to be polite about. */
  expired(): void {
    this.close();
    if (this.writer.congested) this.connection.reset();
    else this.connection.close();
  }

  drainConnection(): void {}

  cutConnection(): void {
    this.connection.reset();
  }
}
