import { messageOf } from "../core/errors.ts";
import type { Expiring } from "../core/timers.ts";
import type { Address, Connection, ConnectionHandler } from "../net/connection.ts";
import { classify } from "../net/peek.ts";
import { ProxyProtocolParser } from "../net/proxy-protocol.ts";
import type { EntryPoint } from "./entry-point.ts";
import { Http1Server } from "./http1-server.ts";

const NO_BYTES = new Uint8Array(0);

/** What to say of bytes that nobody serves here. */
const REASONS: Record<string, string> = {
  tls: "a TLS handshake on an entrypoint without TLS",
  "http2-preface": "HTTP/2 with prior knowledge, which this entrypoint does not serve",
  "proxy-protocol-v1": "a PROXY protocol header on an entrypoint without proxyProtocol",
  "proxy-protocol-v2": "a PROXY protocol header on an entrypoint without proxyProtocol",
  "postgres-starttls": "a PostgreSQL STARTTLS request on an entrypoint without a TCP router for it",
};

/**
 * Looks at a connection's first bytes, decides who serves it and hands all of them on: first the
 * PROXY protocol header where the entrypoint reads one, then the protocol itself.
 */
export class PeekHandler implements ConnectionHandler, Expiring {
  deadline = 0;
  private readonly connection: Connection;
  private readonly entry: EntryPoint;
  private readonly trusted: boolean;
  private proxyHeader: ProxyProtocolParser | null;
  private remote: Address;
  private local: Address;
  private seen: Uint8Array = NO_BYTES;

  constructor(connection: Connection, entry: EntryPoint) {
    this.connection = connection;
    this.entry = entry;
    this.remote = connection.remote;
    this.local = connection.local;
    this.trusted = entry.trustsProxyHeader(connection.remote.ip);
    this.proxyHeader = entry.readsProxyHeader ? new ProxyProtocolParser() : null;
    entry.deadlines.add(this);
    this.deadline = entry.deadlines.after(entry.readTimeout);
    entry.connections.add(this);
  }

  data(chunk: Uint8Array): void {
    let bytes = chunk;
    if (this.seen.length > 0) {
      bytes = new Uint8Array(this.seen.length + chunk.length);
      bytes.set(this.seen);
      bytes.set(chunk, this.seen.length);
      this.seen = NO_BYTES;
    }
    if (this.proxyHeader !== null) {
      const rest = this.readProxyHeader(bytes);
      if (rest === null) return;
      bytes = rest;
      if (bytes.length === 0) return;
    }
    const protocol = classify(bytes, bytes.length);
    if (protocol === "more") {
      this.seen = bytes;
    } else if (protocol === "http1" || protocol === "unknown") {
      this.serveHttp1(bytes);
    } else {
      this.refuse(REASONS[protocol] ?? protocol);
    }
  }

  /** The bytes behind the header; null while it isn't complete, or the connection was refused. */
  private readProxyHeader(bytes: Uint8Array): Uint8Array | null {
    const kind = classify(bytes, bytes.length);
    if (kind === "more") {
      this.seen = bytes;
      return null;
    }
    if (kind !== "proxy-protocol-v1" && kind !== "proxy-protocol-v2") {
      this.proxyHeader = null;
      return bytes;
    }
    try {
      const result = this.proxyHeader!.parse(bytes);
      if (!result.done) {
        this.seen = bytes;
        return null;
      }
      // From a peer that isn't trusted the header is read past and not believed, as in Traefik.
      if (this.trusted && result.source !== null && result.destination !== null) {
        this.remote = result.source;
        this.local = result.destination;
      }
      this.proxyHeader = null;
      return bytes.subarray(result.consumed);
    } catch (error) {
      this.refuse(`a malformed PROXY protocol header: ${messageOf(error)}`);
      return null;
    }
  }

  private serveHttp1(bytes: Uint8Array): void {
    this.leave();
    const server = new Http1Server(this.connection, this.entry, this.remote, this.local);
    this.connection.handler = server;
    server.data(bytes);
  }

  private refuse(reason: string): void {
    this.entry.logger.debug("Closed a connection", {
      entryPointName: this.entry.name,
      remote: this.remote.ip,
      reason,
    });
    this.leave();
    this.connection.close();
  }

  private leave(): void {
    this.entry.deadlines.remove(this);
    this.entry.connections.delete(this);
  }

  drain(): void {}

  end(): void {
    this.leave();
    this.connection.close();
  }

  close(): void {
    this.leave();
  }

  expired(): void {
    this.refuse("no request within the readTimeout");
  }

  drainConnection(): void {
    this.leave();
    this.connection.close();
  }

  cutConnection(): void {
    this.leave();
    this.connection.reset();
  }
}
