import { CidrSet } from "../../core/cidr.ts";
import type { Deadlines } from "../../core/timers.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { Handler } from "../../http/handler.ts";
import { LazyResponse, type Tunnel } from "../../http/lazy/lazy-response.ts";
import type { Address, Connection, Listener } from "../../net/connection.ts";
import type { ConnectionWriter } from "../../net/connection-writer.ts";
import type { Dial, HandshakeHandler, Runtime } from "../../net/runtime.ts";
import type { ServerTlsContext } from "../../net/tls.ts";
import type { ChallengeCertificates } from "../../tls/challenges/challenge-certificates.ts";
import { DEFAULT_LIMITS, type Http1Limits, headLimits } from "../../wire/http1/message.ts";
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from "../../wire/http2/message.ts";
import { ConnectionSwitch } from "../connection/connection-switch.ts";
import { TunnelConnection } from "../connection/tunnel-connection.ts";
import type { EntryPointRoutes } from "./entry-point-routes.ts";
import type { ConnectionLogger, Drainable, HttpEntryPoint } from "./http-entry-point.ts";
import { listenError } from "./listen-error.ts";

/** An entrypoint's settings as the static configuration has them, resolved. Times in milliseconds, 0 for none. */
export interface EntryPointOptions {
  readonly name: string;
  readonly hostname: string;
  readonly port: number;
  readonly reusePort: boolean;
  readonly readTimeout: number;
  readonly writeTimeout: number;
  readonly idleTimeout: number;
  readonly keepAliveMaxTime: number;
  /** 0 for no limit. */
  readonly keepAliveMaxRequests: number;
  readonly maxHeaderBytes: number;
  readonly maxConcurrentStreams: number;
  readonly maxDecoderHeaderTableSize: number;
  readonly maxEncoderHeaderTableSize: number;
  readonly requestAcceptGraceTimeout: number;
  readonly graceTimeOut: number;
  /** Traefik's allowACMEByPass. */
  readonly passesChallenges: boolean;
  /** Undefined: no PROXY protocol on this entrypoint. */
  readonly proxyProtocol:
    | { readonly insecure: boolean; readonly trustedIPs: readonly string[] }
    | undefined;
}

/** How often a shutdown looks whether the last connection is gone, in milliseconds. */
const DRAIN_TICK = 20;

/** A listening address, with the chain of handlers behind it and the connections it has accepted. */
export class EntryPoint implements HttpEntryPoint {
  readonly name: string;
  readonly options: EntryPointOptions;
  readonly limits: Http1Limits;
  readonly http2Limits: Http2Limits;
  readonly readTimeout: number;
  readonly writeTimeout: number;
  readonly idleTimeout: number;
  readonly keepAliveMaxTime: number;
  readonly keepAliveMaxRequests: number;
  readonly connections = new Set<Drainable>();
  readonly deadlines: Deadlines;
  readonly logger: ConnectionLogger;
  draining = false;
  requestCount = 0;
  handler: Handler = () => LazyResponse.text(404, "404 page not found\n");
  /** Who serves a connection; assigned before it listens, and again by each reload. */
  routes!: EntryPointRoutes;
  challenges: ChallengeCertificates | null = null;
  private readonly runtime: Runtime;
  private readonly trusted: CidrSet;
  private listener: Listener | null = null;

  /** Throws where `proxyProtocol.trustedIPs` has something that isn't an address or a range. */
  constructor(
    options: EntryPointOptions,
    runtime: Runtime,
    deadlines: Deadlines,
    logger: ConnectionLogger,
  ) {
    this.runtime = runtime;
    this.name = options.name;
    this.options = options;
    this.limits = { ...DEFAULT_LIMITS, ...headLimits(options.maxHeaderBytes) };
    this.http2Limits = {
      ...DEFAULT_HTTP2_LIMITS,
      maxHeaderListBytes: options.maxHeaderBytes,
      maxConcurrentStreams: options.maxConcurrentStreams,
      maxResets: Math.max(DEFAULT_HTTP2_LIMITS.maxResets, 2 * options.maxConcurrentStreams),
      maxDecoderHeaderTableSize: options.maxDecoderHeaderTableSize,
      maxEncoderHeaderTableSize: options.maxEncoderHeaderTableSize,
    };
    this.readTimeout = options.readTimeout;
    this.writeTimeout = options.writeTimeout;
    this.idleTimeout = options.idleTimeout;
    this.keepAliveMaxTime = options.keepAliveMaxTime;
    this.keepAliveMaxRequests =
      options.keepAliveMaxRequests === 0 ? Infinity : options.keepAliveMaxRequests;
    this.deadlines = deadlines;
    this.logger = logger;
    this.trusted = CidrSet.parse(options.proxyProtocol?.trustedIPs ?? []);
  }

  /** Where it listens, once it does. */
  get address(): Address | undefined {
    return this.listener?.address;
  }

  get readsProxyHeader(): boolean {
    return this.options.proxyProtocol !== undefined;
  }

  get passesChallenges(): boolean {
    return this.options.passesChallenges;
  }

  trustsProxyHeader(ip: string): boolean {
    return this.options.proxyProtocol?.insecure === true || this.trusted.contains(ip);
  }

  /**
   * Binds; `shared` where other workers bind the same port, `port` instead of the configured one.
   * Rejects with what the system has against it.
   */
  async listen(shared = false, port = this.options.port): Promise<void> {
    const { hostname } = this.options;
    const reusePort = shared || this.options.reusePort;
    try {
      this.listener = await this.runtime.listen({ hostname, port, reusePort }, (connection) =>
        new ConnectionSwitch(connection, this).begin(),
      );
    } catch (error) {
      throw listenError(this.name, port, error);
    }
  }

  /** See `Runtime.startTls`. */
  startTls(
    connection: Connection,
    context: ServerTlsContext,
    early: Uint8Array,
    handler: HandshakeHandler,
  ): Dial {
    return this.runtime.startTls(connection, context, early, handler);
  }

  /** Stops accepting, lets what is in flight finish within the grace time, then cuts what is left. */
  async shutdown(): Promise<void> {
    this.draining = true;
    this.listener?.stop();
    this.listener = null;
    for (const connection of [...this.connections]) connection.drainConnection();
    const end = performance.now() + this.options.graceTimeOut;
    while (this.connections.size > 0 && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_TICK));
    }
    for (const connection of [...this.connections]) connection.cutConnection();
  }

  join(
    connection: Connection,
    writer: ConnectionWriter,
    early: Uint8Array,
    ended: boolean,
    tunnel: Tunnel,
    exchange: Exchange,
  ): void {
    new TunnelConnection(this, connection, writer, early, ended, tunnel, exchange);
  }
}
