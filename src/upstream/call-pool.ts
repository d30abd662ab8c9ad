import type { Deadlines } from "../core/timers.ts";
import type { Transport } from "./transport.ts";
import type { UpstreamCall } from "./upstream-call.ts";
import type { UpstreamTarget } from "./upstream-target.ts";

/** Where a server is, and how it is spoken to: the scheme of its URL. */
export interface UpstreamAddress {
  /** "h2c" is HTTP/2 with prior knowledge (RFC 9113 section 3.3); over TLS, ALPN decides. */
  readonly protocol: "http" | "https" | "h2c";
  /** Or a Unix socket's path, as in `ConnectOptions`. */
  readonly hostname: string;
  readonly port: number;
  /** What TLS goes by where the hostname isn't the server's name. */
  readonly serverName?: string;
}

/** The connections to one server, as calls and the connections themselves see them. */
export interface CallPool {
  readonly address: UpstreamAddress;
  readonly transport: Transport;
  readonly deadlines: Deadlines;
  /** Sends a call on a connection that has room for it, else on a new one. */
  send(call: UpstreamCall): void;

  // --- for connections of HTTP/1.1 ---

  /** Takes back a connection that has nothing on it. False where it isn't wanted: the caller closes it. */
  release(connection: SerialConnection): boolean;
  /** An idle connection has died. */
  forget(connection: SerialConnection): void;

  // --- for connections of HTTP/2 ---

  /** The connection may take more calls than before. */
  serveWaiting(connection: SharedConnection): void;
  /** The server has said how many calls it takes on one connection. */
  learnLimit(calls: number): void;
  /** The connection has nothing on it: whether it is to be kept. */
  keepsIdle(): boolean;
  /** The connection takes no more calls. */
  forgetShared(connection: SharedConnection): void;
}

/** A connection that serves one call at a time (HTTP/1.1), as its pool sees it. */
export interface SerialConnection {
  /** Of `Deadlines`: the pool sets it when it takes the connection back. */
  deadline: number;
  /** Sends the call's request. The connection has nothing else on it. */
  start(call: UpstreamCall): void;
  closeIdle(): void;
}

/** A connection that serves many calls at a time (HTTP/2), as its pool sees it. */
export interface SharedConnection {
  /** No calls are on it. */
  readonly idle: boolean;
  /** The server has said how many calls it takes. */
  readonly settled: boolean;
  readonly callCount: number;
  /** Sends the call's request, or fails it where the server takes none like it. False where the server takes no more now. */
  start(call: UpstreamCall): boolean;
  /** Takes no more calls, and closes behind those that it has. */
  drainConnection(): void;
}

/** One server of a service, and the connections to it. */
export interface PooledTarget extends UpstreamTarget {
  readonly pool: CallPool;
}
