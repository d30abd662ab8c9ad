import type { StaticConfiguration } from "../config/static/schema.ts";
import type { SharedCounters } from "../core/counters/counters.ts";
import type { Logger } from "../core/logger.ts";
import { Deadlines } from "../core/timers.ts";
import { compileGraph, type GraphContext } from "../graph/compile.ts";
import { compileTcp, type TcpGraph } from "../graph/compile-tcp.ts";
import { stopGone } from "../graph/element-builder.ts";
import type { Graph } from "../graph/graph.ts";
import { Transports } from "../graph/transports.ts";
import type { Handler } from "../http/handler.ts";
import { DEFAULT_OBSERVABILITY, observabilityOver } from "../http/observability.ts";
import type { Purge } from "../middlewares/http/http-middleware.ts";
import type { Address } from "../net/connection.ts";
import type { Runtime } from "../net/runtime.ts";
import { entryPointWay } from "../request/chain.ts";
import { HostResolver } from "../request/host-resolver.ts";
import { type HealthVerdict, HealthVerdicts } from "../services/health/health-verdicts.ts";
import { reverseProxy } from "../services/http/reverse-proxy.ts";
import type { ServerAddress, Upstream } from "../services/http/server-address.ts";
import type { DisabledElement, Snapshot } from "../snapshot/snapshot.ts";
import {
  type ChallengeCertificate,
  ChallengeCertificates,
} from "../tls/challenges/challenge-certificates.ts";
import { DemandedNames } from "../tls/demanded-names.ts";
import { readFromTable } from "../tls/pem-reader.ts";
import { type CertificateSummary, type TlsError, TlsManager } from "../tls/tls-manager.ts";
import { UpstreamPools } from "../upstream/upstream-pools.ts";
import { acceptGrace } from "./entry-point/accept-grace.ts";
import { EntryPoint } from "./entry-point/entry-point.ts";
import { entryPointOptions } from "./entry-point/entry-point-options.ts";
import { Http3EntryPoint } from "./http3/http3-entry-point.ts";
import { QuietMoments } from "./quiet-moments.ts";
import { isUdp, UdpPlane } from "./udp-plane.ts";

export interface DataPlaneOptions {
  readonly runtime: Runtime;
  readonly configuration: StaticConfiguration;
  readonly logger: Logger;
  /** Numbers for the whole process. */
  readonly counters: SharedCounters;
  readonly loadModule: GraphContext["loadModule"];
  readonly observers: GraphContext["observers"];
  readonly internals: GraphContext["internals"];
  /** Services that Sluice has itself, by qualified name. */
  readonly internalServices: ReadonlyMap<string, Handler>;
  /** Hears of names that clients ask for and no certificate has, where a resolver orders on demand. */
  readonly demand: (serverName: string) => void;
}

/** What became of a snapshot. */
export interface ApplyReport {
  readonly version: number;
  /** How many there are that work, of all protocols. */
  readonly routers: number;
  readonly services: number;
  /** How many are configured. */
  readonly middlewares: number;
  /** What was left out, and why. */
  readonly disabled: readonly DisabledElement[];
  /** What is wrong with certificates, TLS options and stores. */
  readonly tlsErrors: readonly TlsError[];
  /** Those that serve. */
  readonly certificates: readonly CertificateSummary[];
}

export interface ListenOptions {
  /** Other planes listen on the same ports (SO_REUSEPORT). */
  readonly shared: boolean;
  /** This plane has the process's UDP entrypoints and its HTTP/3. */
  readonly datagrams: boolean;
  /** Ports instead of the configured ones, by entrypoint. */
  readonly ports?: Readonly<Record<string, number>>;
}

/** Where an entrypoint listens. */
export interface Listening {
  readonly entryPoint: string;
  readonly network: "tcp" | "udp";
  readonly address: Address;
}

/**
 * Everything that serves: listeners, connections, the compiled graph and the upstream pools. `apply`
 * is the only way by which a configuration comes in. A process has one, or one in each worker.
 */
export class DataPlane {
  /** Those of TCP. */
  private readonly entryPoints: readonly EntryPoint[];
  private readonly udp: UdpPlane;
  private readonly pools: UpstreamPools;
  private readonly options: DataPlaneOptions;
  private readonly deadlines = new Deadlines();
  private readonly transports: Transports;
  private readonly verdicts = new HealthVerdicts();
  private readonly context: Omit<GraphContext, "tlsProblem" | "clientDemands">;
  private readonly http3 = new Map<EntryPoint, Http3EntryPoint>();
  private readonly switches = new Map<string, { current: Handler | null }>();
  private readonly challenges: ChallengeCertificates;
  /** Undefined where no resolver orders on demand. */
  private readonly missing: ((serverName: string) => void) | undefined;
  private graph: Graph | null = null;
  private tcp: TcpGraph | null = null;
  private tls: TlsManager | undefined;
  private reloads = 0;
  /** `reloads` when memory was given back last. */
  private released = 0;
  private quietMoments: QuietMoments | null = null;

  /** Checks what can be wrong in the static configuration beyond the schema, and throws. */
  constructor(options: DataPlaneOptions) {
    const { configuration, runtime, logger } = options;
    const everyEntry = Object.entries(configuration.entryPoints);
    const entries = everyEntry.filter(([, entry]) => !isUdp(entry));
    const udpEntries = everyEntry.filter(([, entry]) => isUdp(entry));
    this.options = options;
    this.udp = new UdpPlane(udpEntries, runtime, this.deadlines, logger);
    this.pools = new UpstreamPools({
      connect: runtime.connect.bind(runtime),
      deadlines: this.deadlines,
    });
    this.entryPoints = entries.map(
      ([name, entry]) =>
        new EntryPoint(entryPointOptions(name, entry), runtime, this.deadlines, logger),
    );
    this.challenges = new ChallengeCertificates(runtime);
    const resolvers = Object.values(configuration.certificatesResolvers ?? {});
    if (resolvers.some(({ acme }) => acme?.tlsChallenge !== undefined)) {
      for (const entryPoint of this.entryPoints) entryPoint.challenges = this.challenges;
    }
    if (resolvers.some(({ acme }) => acme?.onDemand !== undefined)) {
      const demanded = new DemandedNames(options.demand);
      this.missing = (serverName) => demanded.add(serverName);
    }
    this.transports = new Transports(runtime, configuration.serversTransport);
    const { hostResolver } = configuration;
    const resolver =
      hostResolver?.cnameFlattening === true
        ? new HostResolver(hostResolver, runtime, logger)
        : undefined;
    this.context = {
      logger,
      aliasOf: resolver && ((host) => resolver.aliasOf(host)),
      deadlines: this.deadlines,
      counters: options.counters,
      verdicts: this.verdicts,
      files: runtime.files,
      servedFiles: runtime.servedFiles,
      inWorker: runtime.inWorker,
      codecs: () => runtime.codecs(),
      importModule: (path, version) => runtime.importModule(path, version),
      redis: (options) => runtime.redis(options),
      proxyTo: (server) => this.proxyTo(server),
      transports: this.transports,
      loadModule: options.loadModule,
      observers: options.observers,
      internals: options.internals,
      internalServices: options.internalServices,
      entryPoints: entries.map(([name, entry]) => ({
        name,
        encodedCharacters: entry.http.encodedCharacters,
        observability: observabilityOver(DEFAULT_OBSERVABILITY, entry.observability),
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
      if (http3 !== undefined) this.http3.set(entryPoint, http3);
      entryPoint.handler = entryPointWay(
        {
          path: entry.http,
          forwardedHeaders: {
            ...entry.forwardedHeaders,
            serverName: runtime.hostname(),
            notAppendXForwardedFor:
              entry.forwardedHeaders.notAppendXForwardedFor ??
              configuration.global?.notAppendXForwardedFor,
          },
          advertise: http3?.advertise,
        },
        switcher,
      );
    });
  }

  private proxyTo(server: ServerAddress): Upstream {
    const pool = this.pools.get(server, server.transport!);
    return {
      handler: reverseProxy({ ...server, pool }, server.url, this.options.logger),
      retain: () => this.pools.retain(pool),
    };
  }

  /**
   * Binds every entrypoint, once a snapshot has been applied, and says where. Rejects, with none left
   * bound, where one can't be.
   */
  async listen({ shared, datagrams, ports = {} }: ListenOptions): Promise<Listening[]> {
    const bound: EntryPoint[] = [];
    try {
      for (const entryPoint of this.entryPoints) {
        await entryPoint.listen(shared, ports[entryPoint.name]);
        bound.push(entryPoint);
      }
      for (const http3 of this.http3.values()) {
        if (datagrams) await http3.listen();
        else http3.advertiseOther();
      }
      if (datagrams) await this.udp.listen();
    } catch (error) {
      for (const http3 of this.http3.values()) http3.close();
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
    return [...listening(this.entryPoints, "tcp"), ...listening(this.udp.entryPoints, "udp")];
  }

  /** What the start or a reload left behind goes when no request waits for it. */
  private afterReload(): void {
    if (this.released === this.reloads) return;
    this.released = this.reloads;
    this.options.runtime.releaseMemory?.();
  }

  /**
   * Compiles a snapshot and has it serve. Elements with errors are left out; rejects, and the last
   * snapshot goes on, only where something is wrong with Sluice itself. One at a time.
   */
  async apply(snapshot: Snapshot): Promise<ApplyReport> {
    const previous = this.graph;
    const readPem = readFromTable(snapshot.pems);
    const { manager: tls, errors: tlsErrors } = await TlsManager.create(snapshot.tls, {
      runtime: this.options.runtime,
      readPem,
      previous: this.tls,
      invalidOptions: snapshot.invalidTlsOptions,
      wanted: tlsOptionsOf(snapshot),
      generated: snapshot.generatedCertificate,
      missing: this.missing,
    });
    const tlsProblem = (name: string) => {
      const found = tls.optionsFor(name);
      return "refused" in found ? found.refused : undefined;
    };
    this.transports.newConfiguration(readPem);
    const graph = await compileGraph(snapshot, previous, {
      ...this.context,
      tlsProblem,
      clientDemands: (name) => tls.clientDemands(name),
    });
    const tcpBefore = this.tcp;
    const tcp = await compileTcp(snapshot.tcp, snapshot.disabled, tcpBefore, {
      runtime: this.options.runtime,
      readPem,
      deadlines: this.deadlines,
      counters: this.options.counters,
      verdicts: this.verdicts,
      logger: this.options.logger,
      defaultTransport: this.options.configuration.tcpServersTransport,
      entryPoints: this.entryPoints.map(({ name }) => name),
      tlsProblem,
    });
    const useUdp = await this.udp.compile(snapshot);
    this.graph = graph;
    this.tcp = tcp;
    this.tls = tls;
    for (const entryPoint of this.entryPoints) {
      const { plain, tls: tcpTls } = tcp.entryPoints.get(entryPoint.name)!;
      const hosts = graph.tlsHosts.get(entryPoint.name)!;
      entryPoint.routes = { tcp: plain, tcpTls, hosts, tls };
    }
    for (const http3 of this.http3.values()) http3.update();
    useUdp();
    this.reloads++;
    for (const [name, handler] of graph.entryPoints) this.switches.get(name)!.current = handler;
    stopGone(previous?.elements ?? [], graph.elements);
    stopGone(tcpBefore?.elements ?? [], tcp.elements);
    this.pools.closeUnused();
    return {
      version: snapshot.version,
      routers: graph.routerCount + tcp.routerCount + this.udp.routerCount,
      services: this.ownServices(graph) + tcp.services.size + this.udp.serviceCount,
      middlewares: Object.keys(snapshot.middlewares).length,
      disabled: [
        ...graph.disabled.map((one) =>
          one.kind === "tlsOptions" && tls.goingOn.has(one.name) ? { ...one, goesOn: true } : one,
        ),
        ...tcp.disabled,
        ...this.udp.disabled,
      ],
      tlsErrors,
      certificates: tls.certificates,
    };
  }

  /** Those of HTTP that users configured. */
  private ownServices({ services }: Graph): number {
    const { internalServices } = this.options;
    return [...services.keys()].filter((name) => !internalServices.has(name)).length;
  }

  /** How many connections each entrypoint of TCP has open. */
  openConnections(): (readonly [entryPoint: string, count: number])[] {
    return this.entryPoints.map(({ name, connections }) => [name, connections.size] as const);
  }

  /** The certificates of TLS-ALPN-01 that are shown from now on, and no others. */
  showChallenges(certificates: readonly ChallengeCertificate[]): void {
    this.challenges.show(certificates);
  }

  /** Has a cache forget. Resolves with how many responses; undefined where no such middleware is a cache. */
  async purge(middleware: string, what: Purge): Promise<number | undefined> {
    return this.graph?.middlewares.get(middleware)?.value.purge?.(what);
  }

  /** What active health checks have found. */
  tellHealth(verdicts: readonly HealthVerdict[]): void {
    this.verdicts.tell(verdicts);
  }

  /**
   * Graceful shutdown: each entrypoint goes on serving for its requestAcceptGraceTimeout, then stops
   * accepting and lets what is in flight finish.
   */
  async shutdown(): Promise<void> {
    this.quietMoments?.stop();
    const ends = this.entryPoints.map((entryPoint) => this.end(entryPoint));
    await Promise.all([...ends, this.udp.shutdown()]);
    stopGone(this.graph?.elements ?? [], new Set());
    stopGone(this.tcp?.elements ?? [], new Set());
    this.pools.close();
  }

  private async end(entryPoint: EntryPoint): Promise<void> {
    const http3 = this.http3.get(entryPoint);
    await acceptGrace(entryPoint);
    http3?.stop();
    await entryPoint.shutdown();
    http3?.close();
  }
}

/** The names of the TLS options that routers want. */
function tlsOptionsOf({ routers, tcp }: Snapshot): ReadonlySet<string> {
  const all = [...Object.values(routers), ...Object.values(tcp.routers)];
  return new Set(all.flatMap(({ tls }) => (tls === undefined ? [] : [tls.options])));
}

function listening(
  entryPoints: readonly { readonly name: string; readonly address: Address | undefined }[],
  network: "tcp" | "udp",
): Listening[] {
  return entryPoints.flatMap(({ name, address }) =>
    address === undefined ? [] : [{ entryPoint: name, network, address }],
  );
}
