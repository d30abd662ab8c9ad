import type { Middleware } from "../../http/handler.ts";
import type { Address } from "../../net/connection.ts";
import type {
  Http3ConnectionHandler,
  Http3Handler,
  Http3Listener,
  Http3Refusal,
  Http3Connection as NativeConnection,
} from "../../net/http3.ts";
import type { Runtime } from "../../net/runtime.ts";
import { altSvc, http3Advertisement } from "../../request/alt-svc.ts";
import type { ServerOptions } from "../../tls/tls-options.ts";
import type { EntryPointRoutes } from "../entry-point/entry-point-routes.ts";
import type { HttpEntryPoint } from "../entry-point/http-entry-point.ts";
import { listenError } from "../entry-point/listen-error.ts";
import { Http3Connection } from "./http3-connection.ts";

/** What HTTP/3 needs of the entrypoint that it belongs to. */
export interface Http3Owner extends HttpEntryPoint {
  readonly routes: EntryPointRoutes;
  /** Where it listens for TCP, once it does. */
  readonly address: Address | undefined;
  readonly options: {
    readonly hostname: string;
    readonly port: number;
    readonly reusePort: boolean;
    readonly maxConcurrentStreams: number;
  };
}

/**
 * HTTP/3 on an entrypoint: the same port of UDP, the same handlers, the same certificates. The
 * runtime's TLS for QUIC knows no options for each name: hosts whose options ask for more than it
 * can do are not advertised, and answered 421 by those who come nevertheless.
 */
export class Http3EntryPoint implements Http3Handler {
  private readonly entry: Http3Owner;
  private readonly runtime: Runtime;
  private readonly advertisedPort: number;
  private listener: Http3Listener | null = null;
  /** Null while there is nothing to advertise. */
  private advertisement: string | null = null;

  /** `advertisedPort` 0: the entrypoint's. Throws where HTTP/3 can't be had. */
  constructor(entry: Http3Owner, advertisedPort: number, runtime: Runtime) {
    if (runtime.listenHttp3 === undefined) {
      throw new Error(
        `entryPoints.${entry.name}.http3: ${runtime.name} has no HTTP/3; run Sluice on Bun, or leave http3 out`,
      );
    }
    if (entry.options.reusePort) {
      throw new Error(
        `entryPoints.${entry.name}.http3: a port of HTTP/3 cannot be shared; leave out http3 or reusePort`,
      );
    }
    this.entry = entry;
    this.runtime = runtime;
    this.advertisedPort = advertisedPort;
  }

  /** Advertises what `listen` binds, in responses over TLS. */
  readonly advertise: Middleware = altSvc((tlsOptions) =>
    this.obstacle(tlsOptions) === undefined ? this.advertisement : null,
  );

  /** Why hosts with the options of that name can't be served now; undefined where they can. */
  private readonly obstacle = (tlsOptions: string): string | undefined => {
    const options = this.entry.routes.tls.optionsFor(tlsOptions);
    return "refused" in options ? options.refused : http3Obstacle(options);
  };

  /** Binds UDP, on the port that the entrypoint has bound for TCP. Rejects with what the system has against it. */
  async listen(): Promise<void> {
    const { entry } = this;
    const port = entry.address?.port ?? entry.options.port;
    try {
      this.listener = await this.runtime.listenHttp3!(
        {
          hostname: entry.options.hostname,
          port,
          certificates: entry.routes.tls.http3Certificates,
          maxConcurrentStreams: entry.options.maxConcurrentStreams,
          idleTimeout: entry.idleTimeout,
        },
        this,
      );
    } catch (error) {
      throw listenError(entry.name, port, error);
    }
    this.advertisement = http3Advertisement(this.advertisedPort || this.listener.address.port);
  }

  /** Advertises what another worker binds, on the port that the entrypoint has bound for TCP. */
  advertiseOther(): void {
    this.advertisement = http3Advertisement(this.advertisedPort || this.entry.address!.port);
  }

  /** The entrypoint has got new routes. */
  update(): void {
    this.listener?.update(this.entry.routes.tls.http3Certificates);
  }

  connected(connection: NativeConnection): Http3ConnectionHandler | Http3Refusal {
    const { hosts, tls } = this.entry.routes;
    const { serverName } = connection.tls;
    const name = hosts.find(serverName)?.options ?? "default";
    const options = tls.judge(name, serverName, connection.local.ip);
    if (!("refused" in options)) {
      return new Http3Connection(connection, this.entry, name, this.obstacle);
    }
    this.entry.logger.debug("Closed a connection", {
      entryPointName: this.entry.name,
      remote: connection.remote.ip,
      reason: options.refused,
    });
    return options;
  }

  /** Takes no more connections; those that are there are the entrypoint's to drain and to cut. */
  stop(): void {
    this.advertisement = null;
    this.listener?.stop();
  }

  close(): void {
    this.listener?.close();
    this.listener = null;
  }
}

/** Why hosts with these options can't be served over HTTP/3; undefined where they can. */
export function http3Obstacle(options: ServerOptions): string | undefined {
  if (options.clientAuth !== "none") return "HTTP/3 does not ask for client certificates here";
  if (options.maxVersion !== undefined && options.maxVersion !== "1.3") return "HTTP/3 is TLS 1.3";
  if (options.curves !== undefined) return "HTTP/3 does not know curvePreferences here";
  if (!options.sessionTickets) return "HTTP/3 has session tickets here";
  return undefined;
}
