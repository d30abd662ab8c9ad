import type { Address, Connection } from "./connection.ts";

/** What is known of a connection when a TCP router is looked for. */
export interface ConnectionFacts {
  /** The ClientHello's, in lower case; "" for none. */
  readonly serverName: string;
  /** What the ClientHello offers. */
  readonly alpn: readonly string[];
  /** The client's address. */
  readonly ip: string;
}

/** A connection that an entrypoint has accepted, with all that was learnt of it before a handler serves it. */
export interface AcceptedConnection {
  /** Plain, or behind a finished TLS handshake. The one that serves it sets its handler. */
  readonly connection: Connection;
  /** What has been read already and no handler has used: it comes before everything that `connection` brings. */
  readonly early: Uint8Array;
  /** The client's address; what a trusted PROXY protocol header said instead of the connection's own. */
  readonly remote: Address;
  readonly local: Address;
  readonly entryPoint: string;
  /**
   * How a shutdown whose grace time is over ends this connection. The one that serves it assigns it;
   * until then it resets the connection.
   */
  cut: () => void;
  /** The one that serves it says once that it is over, with everything that belonged to it. */
  closed(): void;
}

/** Layer 4: takes a connection over and owns it from now on. Must not throw. */
export type TcpHandler = (accepted: AcceptedConnection) => void;

/** Wraps a TCP handler; folded once, when the configuration is compiled. */
export type TcpMiddleware = (next: TcpHandler) => TcpHandler;
