import type { Address, Connection, ConnectionHandler } from "../../net/connection.ts";
import type { TlsInfo } from "../../net/tls.ts";

/** The server's "S": it goes on with TLS (PostgreSQL's documentation, "SSL Session Encryption"). */
export const STARTTLS_ACCEPTED = 0x53;

const NO_BYTES = new Uint8Array(0);

/**
 * A PostgreSQL client to whom we have said already that TLS follows, because its ClientHello had to
 * be seen to find its router. To the server behind it looks as if that still had to be said: the
 * server gets the client's STARTTLS request first (as early bytes, from the switch that made this), its answer
 * is swallowed, and only then comes the ClientHello. An answer that isn't "S", or none before the
 * server's FIN, resets the connection.
 */
export class PostgresConnection implements Connection {
  handler: ConnectionHandler;
  private readonly client: Connection;
  /** What the client has sent behind its request; null once the server has accepted. */
  private waiting: Uint8Array | null;
  private paused = false;

  /** Takes `client` over; `hello` is what has been read of it behind its STARTTLS request. */
  constructor(client: Connection, hello: Uint8Array) {
    this.client = client;
    this.handler = client.handler;
    this.waiting = hello;
    client.pause();
    client.handler = {
      data: (chunk) => this.handler.data(chunk),
      drain: () => this.handler.drain(),
      end: () => this.handler.end(),
      close: (error) => this.handler.close(error),
    };
  }

  get remote(): Address {
    return this.client.remote;
  }

  get local(): Address {
    return this.client.local;
  }

  get tls(): TlsInfo | null {
    return this.client.tls;
  }

  get closed(): boolean {
    return this.client.closed;
  }

  write(bytes: Uint8Array, start = 0, end = bytes.length): number {
    if (this.waiting === null) return this.client.write(bytes, start, end);
    if (this.client.closed) return -1;
    if (start === end) return 0;
    if (bytes[start] !== STARTTLS_ACCEPTED || end - start > 1) {
      this.client.reset();
      return -1;
    }
    queueMicrotask(() => this.accepted());
    return 1;
  }

  /** The server waits for the ClientHello now. */
  private accepted(): void {
    const hello = this.waiting ?? NO_BYTES;
    this.waiting = null;
    if (this.client.closed) return;
    this.handler.data(hello);
    if (!this.paused) this.client.resume();
  }

  /** Clients of a database send little: the garbage collector has it. */
  recycle(): void {}

  pause(): void {
    this.paused = true;
    this.client.pause();
  }

  resume(): void {
    this.paused = false;
    if (this.waiting === null) this.client.resume();
  }

  shutdown(): void {
    if (this.waiting === null) this.client.shutdown();
    else this.client.reset();
  }

  close(): void {
    this.client.close();
  }

  reset(): void {
    this.client.reset();
  }
}
