import type { LoadBalancer, Service } from "../config/dynamic/schema.ts";
import type { Logger } from "../core/logger.ts";
import type { Handler } from "../http/handler.ts";
import { serviceWay } from "../request/chain.ts";
import type { ProbeTarget } from "../services/health/http-probe.ts";
import { failover } from "../services/http/failover.ts";
import type { HttpService } from "../services/http/http-service.ts";
import { loadBalancer } from "../services/http/load-balancer.ts";
import { weighted } from "../services/http/weighted.ts";
import { providerOf, resolveReference } from "../snapshot/names.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import type { Observer } from "../telemetry/observer.ts";
import type { Transport } from "../upstream/transport.ts";
import type { Graph, RunningService } from "./graph.ts";
import { missing } from "./missing.ts";
import type { NumberedTransport, Transports } from "./transports.ts";

const DEFAULT_TRANSPORT = "default@internal";

/** What only makes sense with sockets of our own, and must not be left out in silence. */
const TLS_KEYS = [
  "serverName",
  "insecureSkipVerify",
  "rootCAs",
  "certificates",
  "cipherSuites",
  "minVersion",
  "maxVersion",
  "peerCertURI",
] as const;

/** A server of a loadBalancer, taken apart. */
export interface ServerAddress {
  /** As configured. */
  readonly url: string;
  /** Scheme and authority for `fetch`, which doesn't know h2c. */
  readonly origin: string;
  readonly protocol: "http" | "https" | "h2c";
  readonly hostname: string;
  readonly port: number;
  readonly authority: string;
  /** Put before the request's path; "" for nothing. */
  readonly basePath: string;
  readonly passHostHeader: boolean;
  /** Null where there are no sockets. */
  readonly transport: Transport | null;
}

/** What sends requests to a server. */
export interface Upstream {
  readonly handler: Handler;
  /** The present configuration uses it: what it holds must live on. */
  retain(): void;
}

export interface ServiceContext {
  readonly logger: Logger;
  /** What watches requests go by. */
  readonly observers: readonly Observer[];
  /** Qualified names of services of Sluice's own that only `addInternals` shows. */
  readonly internals: ReadonlySet<string>;
  /** Services that Sluice has itself, by qualified name. */
  readonly internalServices: ReadonlyMap<string, Handler>;
  /** The transport: sockets, or fetch where there are none. */
  readonly proxyTo: (server: ServerAddress) => Upstream;
  /** How servers are connected to; not given where there are no sockets. */
  readonly transports?: Transports;
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
    const configuration = this.snapshot.services[name];
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
    return this.alone(name, fingerprint, handler);
  }

  /** A service that answers by itself. */
  private alone(name: string, fingerprint: string, handler: Handler): RunningService {
    const observed = named(name, this.observed(name, "", handler));
    return running(fingerprint, [], { health: null, stop() {}, handler: observed });
  }

  private observed(service: string, serverUrl: string, handler: Handler): Handler {
    const { observers, internals } = this.context;
    return serviceWay(observers, { service, serverUrl, internal: internals.has(service) }, handler);
  }

  private async servers(name: string, configuration: LoadBalancer): Promise<RunningService> {
    const numbered = await this.transport(name, configuration.serversTransport);
    const fingerprint = JSON.stringify([configuration, numbered?.id]);
    const kept = this.kept(name, fingerprint);
    if (kept !== undefined) return kept;
    const transport = numbered?.transport ?? null;
    const servers = (configuration.servers ?? []).map((server) => {
      const address = serverAddress(server, configuration.passHostHeader ?? true, transport);
      return { url: address.url, weight: server.weight, upstream: this.context.proxyTo(address) };
    });
    const upstreams = servers.map(({ upstream }) => upstream);
    const service = await loadBalancer({
      name,
      servers: servers.map(({ url, weight, upstream }) => ({
        url,
        weight,
        handler: this.observed(name, url, upstream.handler),
      })),
      strategy: configuration.strategy,
      sticky: configuration.sticky,
      healthCheck: configuration.healthCheck,
      passiveHealthCheck: configuration.passiveHealthCheck,
      logger: this.context.logger,
      probeTransport: this.probeTransport(transport, upstreams),
    });
    return running(fingerprint, upstreams, service);
  }

  /** Health checks go the way that requests go; what they need besides is added to `upstreams`. */
  private probeTransport(transport: Transport | null, upstreams: Upstream[]) {
    const handlers = new Map<string, Handler>();
    return (target: ProbeTarget): Handler => {
      const key = `${target.scheme}://${target.url.host}`;
      let handler = handlers.get(key);
      if (handler === undefined) {
        const upstream = this.context.proxyTo(probeAddress(target, transport));
        upstreams.push(upstream);
        handler = upstream.handler;
        handlers.set(key, handler);
      }
      return handler;
    };
  }

  /** A serversTransport, or the default one; undefined where there are no sockets. */
  private async transport(service: string, reference = ""): Promise<NumberedTransport | undefined> {
    const name =
      reference === "" ? DEFAULT_TRANSPORT : resolveReference(reference, providerOf(service));
    const configuration = this.snapshot.serversTransports[name];
    if (configuration === undefined && name !== DEFAULT_TRANSPORT)
      throw missing(this.snapshot, "serversTransport", name);
    const { transports } = this.context;
    if (transports !== undefined) return transports.get(name, configuration);
    if (configuration !== undefined && TLS_KEYS.some((key) => configuration[key] !== undefined))
      throw new Error(`serversTransport "${name}": its TLS options need sockets of Sluice's own`);
    return undefined;
  }

  private async module(name: string, path: string): Promise<RunningService> {
    const version = this.snapshot.moduleVersions[path] ?? "";
    const fingerprint = JSON.stringify(["module", path, version]);
    const kept = this.kept(name, fingerprint);
    if (kept !== undefined) return kept;
    return this.alone(name, fingerprint, await this.context.loadModule(path, version));
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

/** Throws where the server can't be reached that way. */
function serverAddress(
  server: NonNullable<LoadBalancer["servers"]>[number],
  passHostHeader: boolean,
  transport: Transport | null,
): ServerAddress {
  const text = server.url ?? "";
  const protocol = /^(https?|h2c):\/\//i.exec(text)?.[1].toLowerCase();
  // URLs of schemes that the platform doesn't know aren't taken apart as those of http are.
  const known = text.replace(/^h2c:/i, "http:");
  if (protocol === undefined || !URL.canParse(known))
    throw new Error(`servers.url: expected a URL such as http://127.0.0.1:8080, found "${text}"`);
  const url = new URL(known);
  const address = addressOf(protocol as ServerAddress["protocol"], url, transport);
  const basePath = server.preservePath ? url.pathname.replace(/\/$/, "") : "";
  return { ...address, url: text, basePath, passHostHeader };
}

/** The request's Host is the check's to say. */
function probeAddress({ scheme, url }: ProbeTarget, transport: Transport | null): ServerAddress {
  return addressOf(scheme, url, transport);
}

function addressOf(
  protocol: ServerAddress["protocol"],
  url: URL,
  transport: Transport | null,
): ServerAddress {
  if (protocol === "https") transport?.prepareTls();
  if (protocol === "h2c" && transport?.options.http2 === false)
    throw new Error(
      `"h2c://${url.host}" is HTTP/2, which disableHTTP2 of its serversTransport forbids`,
    );
  const defaultPort = protocol === "https" ? 443 : 80;
  return {
    url: `${protocol}://${url.host}`,
    origin: url.origin,
    protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? defaultPort : Number(url.port),
    authority: url.host,
    basePath: "",
    passHostHeader: true,
    transport,
  };
}
