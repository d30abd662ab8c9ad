import type { TcpHandler } from "../net/tcp-handler.ts";
import type { TlsHosts } from "../routers/tls-hosts.ts";
import type { TlsManager } from "../tls/tls-manager.ts";

/** What is known of a connection when a TCP router is looked for. */
export interface ConnectionFacts {
  /** The ClientHello's, in lower case; "" for none. */
  readonly serverName: string;
  readonly alpn: readonly string[];
  /** The client's address. */
  readonly ip: string;
}

/** A TCP router that takes a connection. */
export interface TcpMatch {
  readonly handler: TcpHandler;
  /** It is for all server names: HTTPS routers go first. */
  readonly catchAll: boolean;
  readonly tls: { readonly passthrough: boolean; readonly options: string } | null;
}

/** The TCP routers of an entrypoint. */
export interface TcpMatcher {
  readonly size: number;
  match(connection: ConnectionFacts): TcpMatch | null;
}

/** What decides who serves a connection on one entrypoint; replaced as a whole by a reload. */
export interface EntryPointRoutes {
  /** TCP routers without TLS. */
  readonly tcp: TcpMatcher;
  /** TCP routers with TLS, passed through or terminated. */
  readonly tcpTls: TcpMatcher;
  /** TLS options of HTTP routers, by host. */
  readonly hosts: TlsHosts;
  /** Certificates and TLS options. */
  readonly tls: TlsManager;
}
