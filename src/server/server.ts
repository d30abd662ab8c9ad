import type { StaticConfiguration } from "../config/static/schema.ts";
import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { sameData } from "../core/same-data.ts";
import { Deadlines } from "../core/timers.ts";
import { compileGraph, type GraphContext } from "../graph/compile.ts";
import { compileTcp, type TcpGraph } from "../graph/compile-tcp.ts";
import type { Graph } from "../graph/graph.ts";
import type { ServerAddress, Upstream } from "../graph/service-builder.ts";
import { Transports } from "../graph/transports.ts";
import type { Handler } from "../http/handler.ts";
import type { Runtime } from "../net/runtime.ts";
import { ConfigurationWatcher } from "../providers/configuration-watcher.ts";
import type { Provider } from "../providers/provider.ts";
import { entryPointWay } from "../request/chain.ts";
import { reverseProxy } from "../services/http/reverse-proxy.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import type { AccessLog } from "../telemetry/access-log/access-log.ts";
import type { ReadPem } from "../tls/pem-table.ts";
import { readPem } from "../tls/read-pem.ts";
import type { TlsManager } from "../tls/tls-manager.ts";
import { UpstreamPools } from "../upstream/upstream-pools.ts";
import { Certificates } from "./certificates.ts";
import { EntryPoint } from "./entry-point/entry-point.ts";
import { entryPointModel, internalConfiguration } from "./entry-point/entry-point-model.ts";
import { entryPointOptions } from "./entry-point/entry-point-options.ts";
import { Http3EntryPoint } from "./http3/http3-entry-point.ts";
import { QuietMoments } from "./quiet-moments.ts";
import { isUdp, UdpPlane } from "./udp-plane.ts";

export interface ServerOptions {
  readonly runtime: Runtime;
  readonly configuration: StaticConfiguration;
  readonly logger: Logger;
  /** Null where accessLog is off. */
  readonly accessLog: AccessLog | null;
  /** Besides the internal one. */
  readonly providers: readonly Provider[];
  readonly loadModule: GraphContext["loadModule"];
  readonly observers: GraphContext["observers"];
  readonly internals: GraphContext["internals"];
  /** Services that Sluice has itself, by qualified name. */
  readonly internalServices: ReadonlyMap<string, Handler>;
}

/**
 * The running router: entrypoints, the configuration watcher and the graph that serves. Its
 * constructor checks what can be wrong in the static configuration beyond the schema and throws.
 */
export class Server {
  /** Those of TCP. */
  readonly entryPoints: readonly EntryPoint[];
  readonly udp: UdpPlane;
  readonly pools: UpstreamPools;
  private readonly options: ServerOptions;
  private readonly deadlines = new Deadlines();
  private readonly watcher: ConfigurationWatcher;
  private readonly certificates: Certificates;
  private readonly context: Omit<GraphContext, "tlsProblem">;
  private readonly http3: Http3EntryPoint[] = [];
  private readonly switches = new Map<string, { current: Handler | null }>();
  private graph: Graph | null = null;
  private tcp: TcpGraph | null = null;
  private applying = false;
  /** Of the TLS options, when the graph was compiled. */
  private tlsProblems: TlsManager["problems"] = {};
  private reloads = 0;
  /** `reloads` when memory was given back last. */
  private released = 0;
  private quietMoments: QuietMoments | null = null;

  constructor(options: ServerOptions) {
    const { configuration, runtime, logger } = options;
    const everyEntry = Object.entries(configuration.entryPoints);
    const entries = everyEntry.filter(([, entry]) => !isUdp(entry));
    const udpEntries = everyEntry.filter(([, entry]) => isUdp(entry));
    this.options = options;
    this.udp = new UdpPlane(udpEntries, runtime, this.deadlines, logger);
    this.certificates = new Certificates({
      runtime,
      logger,
      // A configuration that is being applied takes them with it: the options that they were made
      // with are the new ones, and the routers are still the old ones.
      changed: () => {
        if (!this.applying) this.useCertificates();
      },
    });
    this.pools = new UpstreamPools({
      connect: runtime.connect.bind(runtime),
      deadlines: this.deadlines,
    });
    this.entryPoints = entries.map(
      ([name, entry]) =>
        new EntryPoint(entryPointOptions(name, entry), runtime, this.deadlines, logger),
    );
    this.context = {
      logger,
      proxyTo: (server) => this.proxyTo(server),
      transports: new Transports(runtime, configuration.serversTransport),
      loadModule: options.loadModule,
      observers: options.observers,
      internals: options.internals,
      internalServices: options.internalServices,
      entryPoints: entries.map(([name, entry]) => ({
        name,
        encodedCharacters: entry.http.encodedCharacters,
        observability: entryPointModel(name, entry).observability,
      })),
    };
    entries.forEach(([name, entry], index) => {
      const held: { current: Handler | null } = { current: null };
      this.switches.set(name, held);
      // The handler switcher: requests that are under way keep the graph that they started with.
      const switcher: Handler = (request, exchange) => held.current!(request, exchange);
      const entryPoint = this.entryPoints[index];
      const http3 =
        entry.http3 === undefined
          ? undefined
          : new Http3EntryPoint(entryPoint, entry.http3.advertisedPort, runtime);
      if (http3 !== undefined) this.http3.push(http3);
      entryPoint.handler = entryPointWay(
        {
          path: entry.http,
          forwardedHeaders: { ...entry.forwardedHeaders, serverName: runtime.hostname() },
          advertise: http3?.advertise,
        },
        switcher,
      );
    });
    const internal = internalConfiguration(configuration);
    this.watcher = new ConfigurationWatcher({
      providers: [
        {
          name: "internal",
          start: async (emit) => {
            emit({ provider: "internal", configuration: internal, disabled: [] });
            return () => {};
          },
        },
        ...options.providers,
      ],
      models: entries.map(([name, entry]) => entryPointModel(name, entry)),
      udpEntryPoints: udpEntries.map(([name]) => name),
      throttle: configuration.providers.providersThrottleDuration,
      logger,
      apply: (snapshot) => this.apply(snapshot),
    });
  }

  private proxyTo(server: ServerAddress): Upstream {
    const pool = this.pools.get(server, server.transport!);
    return {
      handler: reverseProxy({ ...server, pool }, server.url, this.options.logger),
      retain: () => this.pools.retain(pool),
    };
  }

  /** What is wrong with the present dynamic configuration. */
  get disabled(): Graph["disabled"] {
    return [...(this.graph?.disabled ?? []), ...(this.tcp?.disabled ?? []), ...this.udp.disabled];
  }

  get current(): Graph | null {
    return this.graph;
  }

  /** How many there are that work, of all protocols. */
  get routerCount(): number {
    return (this.graph?.routers.size ?? 0) + (this.tcp?.routerCount ?? 0) + this.udp.routerCount;
  }

  get serviceCount(): number {
    return (
      (this.graph?.services.size ?? 0) + (this.tcp?.services.size ?? 0) + this.udp.serviceCount
    );
  }

  /** Reads and compiles the dynamic configuration without listening. */
  async load(): Promise<void> {
    await this.watcher.start();
  }

  /** Binds every entrypoint. Rejects, with none left bound, where one can't be. */
  async listen(): Promise<void> {
    const bound: EntryPoint[] = [];
    try {
      for (const entryPoint of this.entryPoints) {
        await entryPoint.listen();
        bound.push(entryPoint);
      }
      for (const http3 of this.http3) await http3.listen();
      await this.udp.listen();
    } catch (error) {
      for (const http3 of this.http3) http3.close();
      for (const entryPoint of bound) await entryPoint.shutdown();
      throw error;
    }
    this.quietMoments = new QuietMoments(
      () =>
        this.entryPoints.reduce(
          (sum, entry) => sum + entry.requestCount,
          this.reloads + this.udp.datagramCount,
        ),
      () => this.afterReload(),
    );
  }

  /** What the start or a reload left behind goes when nobody waits for it. */
  private afterReload(): void {
    if (this.released === this.reloads) return;
    this.released = this.reloads;
    this.options.runtime.releaseMemory?.();
  }

  private async apply(snapshot: Snapshot): Promise<void> {
    this.applying = true;
    try {
      await this.compileAndServe(snapshot);
    } finally {
      this.applying = false;
    }
  }

  /** Certificates were made anew, and the routers are those that they were made for. */
  private useCertificates(): void {
    const tls = this.certificates.current;
    for (const entryPoint of this.entryPoints) entryPoint.routes = { ...entryPoint.routes, tls };
    for (const http3 of this.http3) http3.update();
    // Options that can't be used disable their routers.
    if (!sameData(tls.problems, this.tlsProblems)) this.watcher.applyAgain();
  }

  private async compileAndServe(snapshot: Snapshot): Promise<void> {
    const previous = this.graph;
    const tls = await this.certificates.load({
      configuration: snapshot.tls,
      invalidOptions: snapshot.invalidTlsOptions,
    });
    const tlsProblem = (name: string) => {
      const found = tls.optionsFor(name);
      return "refused" in found ? found.refused : undefined;
    };
    const { files } = this.options.runtime;
    const readTls: ReadPem = (textOrPath) => readPem(files, textOrPath);
    this.context.transports?.newConfiguration(readTls);
    const graph = await compileGraph(snapshot, previous, { ...this.context, tlsProblem });
    const tcpBefore = this.tcp;
    const tcp = await compileTcp(snapshot.tcp, tcpBefore, {
      runtime: this.options.runtime,
      readPem: readTls,
      deadlines: this.deadlines,
      logger: this.options.logger,
      defaultTransport: this.options.configuration.tcpServersTransport,
      entryPoints: this.entryPoints.map(({ name }) => name),
      tlsProblem,
    });
    this.graph = graph;
    this.tcp = tcp;
    for (const entryPoint of this.entryPoints) {
      const { plain, tls: tcpTls } = tcp.entryPoints.get(entryPoint.name)!;
      const hosts = graph.tlsHosts.get(entryPoint.name)!;
      entryPoint.routes = { tcp: plain, tcpTls, hosts, tls };
    }
    this.tlsProblems = tls.problems;
    this.useCertificates();
    this.udp.apply(snapshot.udp);
    this.reloads++;
    for (const [name, handler] of graph.entryPoints) this.switches.get(name)!.current = handler;
    for (const [name, service] of previous?.services ?? []) {
      if (graph.services.get(name) !== service) service.service.stop();
    }
    for (const [name, service] of tcpBefore?.services ?? []) {
      if (tcp.services.get(name) !== service) service.stop();
    }
    this.pools.closeUnused();
    this.report(graph);
  }

  private report(graph: Graph): void {
    const { logger } = this.options;
    for (const { kind, name, errors } of this.disabled) {
      for (const error of errors) logger.error(error, { [`${kind}Name`]: name });
    }
    logger.info("Configuration loaded", {
      version: graph.snapshot.version,
      routers: this.routerCount,
      services: this.serviceCount,
      middlewares: Object.keys(graph.snapshot.middlewares).length,
      disabled: this.disabled.length,
    });
  }

  /**
   * Graceful shutdown: goes on serving for the longest requestAcceptGraceTimeout, then stops
   * accepting and lets what is in flight finish.
   */
  async shutdown(): Promise<void> {
    this.watcher.stop();
    this.certificates.stop();
    this.quietMoments?.stop();
    const grace = Math.max(
      0,
      // One that doesn't listen has nobody to be polite to.
      ...[...this.entryPoints, ...this.udp.entryPoints].map((entry) =>
        entry.address === undefined ? 0 : entry.options.requestAcceptGraceTimeout,
      ),
    );
    if (grace > 0) await new Promise((resolve) => setTimeout(resolve, grace));
    for (const http3 of this.http3) http3.stop();
    await Promise.all([...this.entryPoints, this.udp].map((plane) => plane.shutdown()));
    for (const http3 of this.http3) http3.close();
    for (const { service } of this.graph?.services.values() ?? []) service.stop();
    for (const service of this.tcp?.services.values() ?? []) service.stop();
    this.pools.close();
    try {
      await this.options.accessLog?.close();
    } catch (error) {
      this.options.logger.error("Cannot write the access log", { error: messageOf(error) });
    }
  }
}
