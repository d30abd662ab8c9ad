import { parseIp } from "../net/address.ts";
import type { ConnectOptions, Runtime } from "../net/runtime.ts";
import type { ClientTlsContext, ClientTlsOptions } from "../net/tls.ts";

/** The TLS that a transport speaks; all that `Runtime.clientTls` takes but for the protocols. */
export interface TransportTls extends Omit<ClientTlsOptions, "alpn"> {
  /** For SNI and the check of the certificate; "" for the host of the server's URL. */
  readonly serverName: string;
}

/** Traefik's serversTransport, with its files read. Times in milliseconds, 0 for none. */
export interface TransportOptions {
  /** Idle connections kept for each server. */
  readonly maxIdleConnsPerHost: number;
  /** For a connection to be made, its TLS handshake included. */
  readonly dialTimeout: number;
  /** From the request's last byte to the response head's end. */
  readonly responseHeaderTimeout: number;
  /** How long an idle connection is kept. */
  readonly idleConnTimeout: number;
  /** HTTP/2: a PING follows when nothing has been received for so long. */
  readonly readIdleTimeout: number;
  /** HTTP/2: how long the answer to that PING may take before the connection counts as dead. */
  readonly pingTimeout: number;
  /** Offer HTTP/2 to servers with TLS. */
  readonly http2: boolean;
  readonly tls: TransportTls;
}

/**
 * One serversTransport, and the TLS contexts that all its connections share. The object stands for
 * what it says: as long as a reload changes nothing, it is the same one.
 */
export class Transport {
  readonly options: TransportOptions;
  private readonly clientTls: Runtime["clientTls"];
  private withHttp2: ClientTlsContext | undefined;
  private withoutHttp2: ClientTlsContext | undefined;

  constructor(options: TransportOptions, clientTls: Runtime["clientTls"]) {
    this.options = options;
    this.clientTls = clientTls;
  }

  /** For servers with TLS, when they are configured. Throws an Error that names the option which can't be honoured. */
  prepareTls(): void {
    this.context(this.options.http2);
  }

  /** What a dial to a server with that name needs. `prepareTls` has been called. */
  tlsFor(hostname: string, http2: boolean): NonNullable<ConnectOptions["tls"]> {
    const { serverName } = this.options.tls;
    const ownName = parseIp(hostname) === undefined ? hostname : "";
    return { context: this.context(http2), serverName: serverName || ownName };
  }

  private context(http2: boolean): ClientTlsContext {
    const { serverName: _, ...options } = this.options.tls;
    if (http2) return (this.withHttp2 ??= this.clientTls({ ...options, alpn: ["h2", "http/1.1"] }));
    return (this.withoutHttp2 ??= this.clientTls({ ...options, alpn: ["http/1.1"] }));
  }
}
