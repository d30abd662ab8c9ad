import type {
  TcpServersTransport,
  TcpService as TcpServiceConfiguration,
} from "../config/dynamic/tcp.ts";
import { messageOf } from "../core/errors.ts";
import type { Deadlines } from "../core/timers.ts";
import { parseHostPort } from "../net/host-port.ts";
import type { Runtime } from "../net/runtime.ts";
import type { ClientTlsContext } from "../net/tls.ts";
import { healthOfChild } from "../services/health/health.ts";
import { TcpHealthCheck } from "../services/health/tcp-health-check.ts";
import { type TcpService, tcpLoadBalancer } from "../services/tcp/tcp-load-balancer.ts";
import { type TcpLogger, type TcpServer, tcpProxy } from "../services/tcp/tcp-proxy.ts";
import { providerOf, resolveReference } from "../snapshot/names.ts";
import type { TcpSnapshot } from "../snapshot/snapshot.ts";
import type { ReadPem } from "../tls/pem-reader.ts";
import { readAuthorities, readKeyPair } from "./tls-files.ts";

export interface TcpContext {
  readonly runtime: Pick<Runtime, "connect" | "clientTls">;
  /** Reads what the configuration names for certificates, keys and CAs. */
  readonly readPem: ReadPem;
  readonly deadlines: Deadlines;
  readonly logger: TcpLogger;
  /** The static configuration's, for services that name no other. */
  readonly defaultTransport: TcpServersTransport;
}

/** A TCP service that runs. Kept over a reload that doesn't change it: turns and health go on. */
export interface RunningTcpService {
  readonly service: TcpService;
  readonly fingerprint: string;
  readonly children: readonly RunningTcpService[];
  /** Ends its health checks. */
  stop(): void;
}

type LoadBalancer = NonNullable<TcpServiceConfiguration["loadBalancer"]>;
type Weighted = NonNullable<TcpServiceConfiguration["weighted"]>;

const DEFAULT_TRANSPORT = "default@internal";

/** Builds the TCP services that routers and other services name, each once. */
export class TcpServiceBuilder {
  /** What has been built, by qualified name. */
  readonly built = new Map<string, RunningTcpService>();
  private readonly failed = new Map<string, Error>();
  private readonly snapshot: TcpSnapshot;
  private readonly previous: ReadonlyMap<string, RunningTcpService>;
  private readonly context: TcpContext;

  constructor(
    snapshot: TcpSnapshot,
    previous: ReadonlyMap<string, RunningTcpService>,
    context: TcpContext,
  ) {
    this.snapshot = snapshot;
    this.previous = previous;
    this.context = context;
  }

  /** The service of that qualified name. Rejects with what is wrong with it. */
  async get(name: string, path: readonly string[] = []): Promise<RunningTcpService> {
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

  private async build(name: string, path: readonly string[]): Promise<RunningTcpService> {
    if (path.includes(name))
      throw new Error(`tcp service "${name}": recursion: ${[...path, name].join(" -> ")}`);
    const configuration = this.snapshot.services[name];
    if (configuration === undefined) throw new Error(`the TCP service "${name}" does not exist`);
    const { loadBalancer, weighted } = configuration;
    if ((loadBalancer === undefined) === (weighted === undefined)) {
      const found = loadBalancer === undefined ? "none" : "loadBalancer, weighted";
      throw new Error(`tcp service "${name}": expected exactly one type, found ${found}`);
    }
    return loadBalancer === undefined
      ? this.weighted(name, weighted!, [...path, name])
      : this.servers(name, loadBalancer);
  }

  private async weighted(
    name: string,
    weighted: Weighted,
    path: readonly string[],
  ): Promise<RunningTcpService> {
    const services = weighted.services ?? [];
    const children: RunningTcpService[] = [];
    for (const child of services)
      children.push(await this.get(resolveReference(child.name ?? "", providerOf(name)), path));
    const fingerprint = JSON.stringify([weighted, children.map((child) => child.fingerprint)]);
    const before = this.previous.get(name);
    if (
      before?.fingerprint === fingerprint &&
      before.children.every((child, i) => child === children[i])
    )
      return before;
    const checked = weighted.healthCheck !== undefined;
    // All of them first: one that has none must not leave the others with a listener.
    const healths = !checked
      ? []
      : children.map((child, i) =>
          healthOfChild(child.service.health, services[i].name ?? "", name),
        );
    const members = children.map(({ service }, i) => ({
      handler: service.handler,
      weight: services[i].weight,
    }));
    const service = tcpLoadBalancer(name, members, checked, this.context.logger);
    const stops = healths.map((health, i) => {
      service.setUp(i, health.up);
      return health.subscribe((up) => service.setUp(i, up));
    });
    const stop = () => {
      for (const each of stops) each();
    };
    return { service, fingerprint, children, stop };
  }

  private async servers(name: string, loadBalancer: LoadBalancer): Promise<RunningTcpService> {
    const transport = this.transport(name, loadBalancer);
    const tls = loadBalancer.servers?.some((server) => server.tls)
      ? await this.tls(transport)
      : undefined;
    // Files that have another content make another service.
    const fingerprint = JSON.stringify([loadBalancer, transport, tls?.files]);
    const before = this.previous.get(name);
    if (before?.fingerprint === fingerprint) return before;
    const context = tls?.context();
    const servers = (loadBalancer.servers ?? []).map((server): TcpServer => {
      const { hostname, port } = parseHostPort(server.address);
      return {
        hostname,
        port,
        dialTimeout: transport.dialTimeout,
        terminationDelay: transport.terminationDelay,
        proxyProtocol: transport.proxyProtocol?.version,
        tls:
          server.tls && context !== undefined
            ? { context, serverName: transport.tls?.serverName || hostname }
            : undefined,
      };
    });
    const { runtime, deadlines, logger } = this.context;
    const connect = runtime.connect.bind(runtime);
    const proxies = servers.map((server) => ({
      handler: tcpProxy(server, { connect, deadlines, logger }),
    }));
    const { healthCheck } = loadBalancer;
    const service = tcpLoadBalancer(name, proxies, healthCheck !== undefined, logger);
    const check =
      healthCheck === undefined
        ? undefined
        : new TcpHealthCheck(
            servers,
            {
              ...healthCheck,
              port: healthCheck.port,
              unhealthyInterval: healthCheck.unhealthyInterval ?? healthCheck.interval,
            },
            { service: name, connect, logger, report: service.setUp },
          );
    return { service, fingerprint, children: [], stop: () => check?.stop() };
  }

  /** A service's own terminationDelay and proxyProtocol are deprecated: without a serversTransport only. */
  private transport(
    service: string,
    { serversTransport: reference, terminationDelay, proxyProtocol }: LoadBalancer,
  ): TcpServersTransport {
    const { defaultTransport } = this.context;
    if (reference === undefined || reference === "") {
      return {
        ...defaultTransport,
        terminationDelay: terminationDelay ?? defaultTransport.terminationDelay,
        proxyProtocol,
      };
    }
    const name = resolveReference(reference, providerOf(service));
    if (name === DEFAULT_TRANSPORT) return defaultTransport;
    const transport = this.snapshot.serversTransports[name];
    if (transport === undefined)
      throw new Error(`the TCP serversTransport "${name}" does not exist`);
    return transport;
  }

  /** Files are read now; the context is made only where it is needed. */
  private async tls({
    tls = { insecureSkipVerify: false },
  }: TcpServersTransport): Promise<{ files: unknown; context: () => ClientTlsContext }> {
    const { runtime, readPem } = this.context;
    const { peerCertURI = "" } = tls;
    try {
      const options = {
        rootCAs: await readAuthorities(readPem, tls.rootCAs),
        keyPair: await readKeyPair(readPem, tls.certificates),
        // The URI is only worth something in a certificate that somebody trusted has signed.
        verify: !tls.insecureSkipVerify || peerCertURI !== "",
        peerUri: peerCertURI === "" ? undefined : peerCertURI,
        alpn: [],
      };
      return { files: options, context: () => runtime.clientTls(options) };
    } catch (error) {
      throw new Error(`serversTransport: ${messageOf(error)}`);
    }
  }
}
