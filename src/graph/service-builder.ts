import type { LoadBalancer, Service } from "../config/dynamic/schema.ts";
import type { Handler } from "../http/handler.ts";
import { providerOf, resolveReference } from "../providers/names.ts";
import type { Snapshot } from "../providers/snapshot.ts";
import { failover } from "../services/failover.ts";
import type { HttpService } from "../services/http-service.ts";
import { loadBalancer } from "../services/load-balancer.ts";
import type { ServiceLogger } from "../services/service-logger.ts";
import { weighted } from "../services/weighted.ts";
import type { TransportOptions } from "../upstream/upstream-pool.ts";
import type { Graph, RunningService } from "./graph.ts";
import { missing } from "./missing.ts";

/** A server of a loadBalancer, taken apart. */
export interface ServerAddress {
  /** As configured. */
  readonly url: string;
  /** Scheme and authority. */
  readonly origin: string;
  readonly hostname: string;
  readonly port: number;
  readonly authority: string;
  /** Put before the request's path; "" for nothing. */
  readonly basePath: string;
  readonly passHostHeader: boolean;
  readonly transport: TransportOptions | undefined;
}

/** What sends requests to a server. */
export interface Upstream {
  readonly handler: Handler;
  /** The present configuration uses it: what it holds must live on. */
  retain(): void;
}

export interface ServiceContext {
  readonly logger: ServiceLogger;
  /** Services that Sluice has itself, by qualified name. */
  readonly internalServices: ReadonlyMap<string, Handler>;
  /** The transport: sockets, or fetch where there are none. */
  readonly proxyTo: (server: ServerAddress) => Upstream;
  /** A fetch handler from a module, loaded afresh where the version is new. */
  readonly loadModule: (path: string, version: string) => Promise<Handler>;
}

/** Builds the services that routers and other services name, each once, and keeps those that did not change. */
export class ServiceBuilder {
  /** What has been built, by qualified name. */
  readonly built = new Map<string, RunningService>();
  private readonly snapshot: Snapshot;
  private readonly previous: Graph | null;
  private readonly context: ServiceContext;
  private readonly failed = new Map<string, Error>();

  constructor(snapshot: Snapshot, previous: Graph | null, context: ServiceContext) {
    this.snapshot = snapshot;
    this.previous = previous;
    this.context = context;
  }

  /** The service of that qualified name. Rejects with what is wrong with it. */
  async get(name: string, path: readonly string[] = []): Promise<RunningService> {
    const before = this.built.get(name);
    if (before !== undefined) return before;
    const failure = this.failed.get(name);
    if (failure !== undefined) throw failure;
    try {
      const service = await this.build(name, path);
      this.built.set(name, service);
      return service;
    } catch (error) {
      this.failed.set(name, error as Error);
      throw error;
    }
  }

  private async build(name: string, path: readonly string[]): Promise<RunningService> {
    const own = this.context.internalServices.get(name);
    if (own !== undefined) return this.internal(name, own);
    if (path.includes(name))
      throw new Error(`service "${name}": recursion: ${[...path, name].join(" -> ")}`);
    const configuration = this.snapshot.services.get(name);
    if (configuration === undefined) throw missing(this.snapshot, "service", name);
    const kinds = Object.entries(configuration).filter(([, value]) => value !== undefined);
    if (kinds.length !== 1) {
      throw new Error(
        `service "${name}": expected exactly one type, found ${kinds.map(([kind]) => kind).join(", ") || "none"}`,
      );
    }
    if (configuration.loadBalancer !== undefined)
      return this.servers(name, configuration.loadBalancer);
    if (configuration.handler !== undefined) return this.module(name, configuration.handler.module);
    return this.composite(name, configuration, [...path, name]);
  }

  private internal(name: string, handler: Handler): RunningService {
    const fingerprint = `internal:${name}`;
    const kept = this.kept(name, fingerprint);
    if (kept !== undefined) return kept;
    return running(fingerprint, [], { health: null, stop() {}, handler: named(name, handler) });
  }

  private async servers(name: string, configuration: LoadBalancer): Promise<RunningService> {
    const transport = this.transport(name, configuration.serversTransport);
    const fingerprint = JSON.stringify([configuration, transport]);
    const kept = this.kept(name, fingerprint);
    if (kept !== undefined) return kept;
    const upstreams = (configuration.servers ?? []).map((server) => {
      const upstream = this.context.proxyTo(
        serverAddress(server, configuration.passHostHeader ?? true, transport),
      );
      return { url: server.url!, weight: server.weight, upstream };
    });
    const service = await loadBalancer({
      name,
      servers: upstreams.map(({ url, weight, upstream }) => ({
        url,
        weight,
        handler: upstream.handler,
      })),
      strategy: configuration.strategy,
      sticky: configuration.sticky,
      healthCheck: configuration.healthCheck,
      passiveHealthCheck: configuration.passiveHealthCheck,
      logger: this.context.logger,
    });
    return running(
      fingerprint,
      upstreams.map(({ upstream }) => upstream),
      service,
    );
  }

  /** The options of a serversTransport; undefined for the default one. */
  private transport(service: string, reference: string | undefined): TransportOptions | undefined {
    if (reference === undefined || reference === "") return undefined;
    const name = resolveReference(reference, providerOf(service));
    if (name === "default@internal") return undefined;
    const transport = this.snapshot.serversTransports.get(name);
    if (transport === undefined) throw missing(this.snapshot, "serversTransport", name);
    const { dialTimeout, responseHeaderTimeout, idleConnTimeout } = transport.forwardingTimeouts;
    return {
      maxIdleConnsPerHost: transport.maxIdleConnsPerHost,
      dialTimeout,
      responseHeaderTimeout,
      idleConnTimeout,
    };
  }

  private async module(name: string, path: string): Promise<RunningService> {
    const version = this.snapshot.moduleVersions.get(path) ?? "";
    const fingerprint = JSON.stringify(["module", path, version]);
    const kept = this.kept(name, fingerprint);
    if (kept !== undefined) return kept;
    const handler = await this.context.loadModule(path, version);
    return running(fingerprint, [], { health: null, stop() {}, handler: named(name, handler) });
  }

  /** A service of services: kept only where none of its children has changed. */
  private async composite(
    name: string,
    configuration: Service,
    path: readonly string[],
  ): Promise<RunningService> {
    const provider = providerOf(name);
    const references =
      configuration.weighted !== undefined
        ? (configuration.weighted.services ?? []).map((child) => child.name)
        : [configuration.failover!.service, configuration.failover!.fallback];
    const children: RunningService[] = [];
    for (const reference of references)
      children.push(await this.get(resolveReference(reference, provider), path));
    const fingerprint = JSON.stringify([configuration, children.map((child) => child.fingerprint)]);
    const kept = this.kept(name, fingerprint);
    if (kept?.children.every((child, i) => child === children[i])) return kept;
    const child = (i: number) => ({
      name: references[i],
      handler: children[i].service.handler,
      health: children[i].service.health,
    });
    const service =
      configuration.weighted !== undefined
        ? await weighted({
            name,
            services: (configuration.weighted.services ?? []).map(({ weight }, i) => ({
              ...child(i),
              weight,
            })),
            sticky: configuration.weighted.sticky,
            healthCheck: configuration.weighted.healthCheck,
          })
        : failover({
            name,
            service: child(0),
            fallback: child(1),
            healthCheck: configuration.failover!.healthCheck,
          });
    return running(fingerprint, [], service, children);
  }

  private kept(name: string, fingerprint: string): RunningService | undefined {
    const before = this.previous?.services.get(name);
    if (before?.fingerprint !== fingerprint) return undefined;
    for (const upstream of before.upstreams) upstream.retain();
    return before;
  }
}

function running(
  fingerprint: string,
  upstreams: readonly Upstream[],
  service: HttpService,
  children: readonly RunningService[] = [],
): RunningService {
  for (const upstream of upstreams) upstream.retain();
  return { fingerprint, upstreams, service, children };
}

/** Notes the service's name for logs, as load balancers do themselves. */
function named(name: string, handler: Handler): Handler {
  return (request, exchange) => {
    exchange.service = name;
    return handler(request, exchange);
  };
}

function serverAddress(
  server: NonNullable<LoadBalancer["servers"]>[number],
  passHostHeader: boolean,
  transport: TransportOptions | undefined,
): ServerAddress {
  const text = server.url ?? "";
  if (!URL.canParse(text))
    throw new Error(`servers.url: expected a URL such as http://127.0.0.1:8080, found "${text}"`);
  const url = new URL(text);
  if (url.protocol !== "http:") {
    throw new Error(
      `servers.url: "${text}": the scheme "${url.protocol.slice(0, -1)}" is not supported by Sluice yet`,
    );
  }
  return {
    url: text,
    origin: url.origin,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 80 : Number(url.port),
    authority: url.host,
    basePath: server.preservePath ? url.pathname.replace(/\/$/, "") : "",
    passHostHeader,
    transport,
  };
}
