import type { TlsInfo } from "./tls.ts";

/**
 * One end of a connection. `ip` is in canonical text form: no brackets, no zone, no IPv4-mapped IPv6.
 * Of a Unix socket it is the path, and "" on the side that dialled; the port is 0 then.
 */
export interface Address {
  readonly ip: string;
  readonly port: number;
}

/**
 * What a connection's bytes are given to. One object per connection; the methods are called by the
 * runtime adapter and must not throw (an adapter closes the connection of a handler that does and
 * reports it).
 */
export interface ConnectionHandler {
  /** Bytes arrived. The array is fresh and the handler's to keep. Never called while paused. */
  data(chunk: Uint8Array): void;
  /** The transport takes bytes again, after a `write` that took less than all. */
  drain(): void;
  /** The peer sent FIN. The other direction stays open. Never called while paused. */
  end(): void;
  /**
   * The connection is gone. Called exactly once and last; `error` where it was not closed cleanly.
   * While paused it waits for bytes that were received before it.
   */
  close(error?: Error): void;
}

/**
 * A TCP (or TLS) byte stream that the adapter owns: no promise and no stream object per read.
 * It starts unpaused. All methods may be called again after close and then do nothing. None of them
 * calls its handler before it returns. When both sides have sent FIN, the connection closes by itself.
 */
export interface Connection {
  /** Who gets the bytes. Assign to hand the connection over: nothing that was read is lost. */
  handler: ConnectionHandler;
  readonly remote: Address;
  readonly local: Address;
  /** What its handshake agreed on; null for plain TCP. */
  readonly tls: TlsInfo | null;
  /** Closed by this side, or `close` has been delivered. */
  readonly closed: boolean;
  /** So many peers take nothing of what was written that nothing should wait for them above the transport. */
  readonly crowded?: boolean;
  /**
   * Offers `bytes[start, end)` to the transport and returns how many it took: they are copied or
   * sent before this returns, so the caller may reuse the array. Less than all means: keep the
   * rest, wait for `drain`. 0 is full, -1 is closed.
   */
  write(bytes: Uint8Array, start?: number, end?: number): number;
  /**
   * Takes back an array that `data` brought and that nothing refers to any more: its memory is free at
   * once, where the platform can do that, instead of when it is collected. Small ones aren't worth it.
   */
  recycle(chunk: Uint8Array): void;
  /** Stops reading; what is on its way to `data` already is held back until `resume`. */
  pause(): void;
  resume(): void;
  /** Sends FIN behind all bytes that `write` took; reading goes on. */
  shutdown(): void;
  /** Closes both ways, behind all bytes that `write` took. */
  close(): void;
  /** Closes at once, with RST where the platform can, and drops what wasn't sent. */
  reset(): void;
  /**
   * Joins this connection with another one for the rest of their lives, as `relay` does, but without
   * its bytes coming up here. True where that was done: both are closed from now on as far as their
   * handlers go, which hear nothing more; `reset` of either still resets both. False where it can't
   * be done, or not now: nothing has changed then. Absent where the platform has no such thing.
   */
  splice?(other: Connection, options: SpliceOptions): boolean;
}

/** How two connections are joined by `Connection.splice`. */
export interface SpliceOptions {
  /** Closes both after so many milliseconds without a byte either way; 0 for never. */
  readonly idleTimeout: number;
  /** See RelayOptions; negative for no limit. */
  readonly terminationDelay: number;
  /** Both are closed: bytes received from this connection, and from the other, since they were joined. */
  readonly closed: (fromThis: number, fromOther: number) => void;
}

/** A bound socket that accepts connections. */
export interface Listener {
  readonly address: Address;
  /** Stops accepting. Connections that were accepted live on. */
  stop(): void;
}
