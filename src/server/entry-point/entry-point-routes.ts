import type { TcpMux } from "../../routers/tcp-mux.ts";
import type { TlsHosts } from "../../routers/tls-hosts.ts";
import type { TlsManager } from "../../tls/tls-manager.ts";

/** What decides who serves a connection on one entrypoint; replaced as a whole by a reload. */
export interface EntryPointRoutes {
  /** TCP routers without TLS. */
  readonly tcp: TcpMux;
  /** TCP routers with TLS, passed through or terminated. */
  readonly tcpTls: TcpMux;
  /** TLS options of HTTP routers, by host. */
  readonly hosts: TlsHosts;
  /** Certificates and TLS options. */
  readonly tls: TlsManager;
}
