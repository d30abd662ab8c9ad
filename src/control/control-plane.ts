import { Acme, type AcmeRuntime } from "../acme/acme.ts";
import type { ResolverState } from "../acme/resolver/resolver-state.ts";
import { PemFiles } from "../certificates/pem-files.ts";
import type { StaticConfiguration } from "../config/static/schema.ts";
import type { LogFields, Logger } from "../core/logger.ts";
import { sameInTurns } from "../core/loop/same-in-turns.ts";
import { Deadlines } from "../core/timers.ts";
import type { Telemetry } from "../exporters/telemetry.ts";
import { Transports } from "../graph/transports.ts";
import { ActiveChecks } from "../health/active-checks.ts";
import type { ControlRequest, ControlResponse } from "../internal/control-request.ts";
import { type FunctionStates, Supervisor } from "../isolation/supervisor.ts";
import type { Runtime } from "../net/runtime.ts";
import type { Provider } from "../providers/provider.ts";
import type { ApplyReport, Listening } from "../server/data-plane.ts";
import { isUdp } from "../server/udp-plane.ts";
import type { Draining, HealthVerdict } from "../services/health/health-verdicts.ts";
import { reverseProxy } from "../services/http/reverse-proxy.ts";
import type { ServerAddress, Upstream } from "../services/http/server-address.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import type { Events } from "../status/events.ts";
import { Status } from "../status/status.ts";
import { UpstreamPools } from "../upstream/upstream-pools.ts";
import { ConfigurationWatcher } from "./configuration-watcher.ts";
import { Drains } from "./drains.ts";
import { entryPointModel, internalConfiguration } from "./entry-point-model.ts";
import type { Planes } from "./planes.ts";
import { ResolvedServers } from "./resolved-servers.ts";
import { Schedules } from "./schedules.ts";

export interface ControlPlaneOptions {
  readonly runtime: Pick<Runtime, "clientTls" | "handlerProcesses" | "env"> & AcmeRuntime;
  readonly configuration: StaticConfiguration;
  readonly logger: Logger;
  /** Besides the internal one, in the order of their rank. */
  readonly providers: readonly Provider[];
  readonly planes: Planes;
  readonly telemetry: Telemetry;
  readonly events: Events;
  /** False: files are read once. */
  readonly watch: boolean;
}

/**
 * What runs once in a process: providers, the files of certificates and the status of what is
 * configured. It makes snapshots and hands them to the data planes.
 */
export class ControlPlane {
  readonly status = new Status();
  private readonly options: ControlPlaneOptions;
  private readonly watcher: ConfigurationWatcher;
  private readonly resolved: ResolvedServers;
  private readonly drains: Drains;
  private readonly pemFiles: PemFiles;
  private readonly acme: Acme;
  private readonly schedules: Schedules;
  private readonly functions: Supervisor;
  private readonly deadlines = new Deadlines();
  private readonly pools: UpstreamPools;
  private readonly checks: ActiveChecks;
  private applied: Snapshot | undefined;

  /** Throws where the static configuration can't work. */
  constructor(options: ControlPlaneOptions) {
    const { configuration, logger, runtime, watch } = options;
    this.options = options;
    this.pemFiles = new PemFiles({
      files: runtime.files,
      configuration,
      logger,
      watch,
      changed: () => this.watcher.applyAgain(),
    });
    this.drains = new Drains((verdicts) => options.planes.tellHealth(verdicts));
    this.resolved = new ResolvedServers({
      lookup: (name) => runtime.lookup(name),
      logger,
      changed: () => this.watcher.applyAgain(),
    });
    // Without a watch nothing is to be dialled, and names are as good as addresses.
    if (!watch) this.resolved.stop();
    this.pools = new UpstreamPools({
      connect: runtime.connect.bind(runtime),
      deadlines: this.deadlines,
    });
    this.checks = new ActiveChecks({
      logger,
      verdict: (verdict) => {
        options.telemetry.checked(verdict);
        options.events.checked(verdict);
        options.planes.tellHealth([verdict]);
      },
      proxyTo: (server) => this.proxyTo(server),
      sockets: {
        transports: new Transports(runtime, configuration.serversTransport),
        runtime,
        defaultTcpTransport: configuration.tcpServersTransport,
        closeUnused: () => this.pools.closeUnused(),
      },
    });
    this.schedules = new Schedules({ logger, run: (run) => options.planes.runScheduled(run) });
    this.acme = new Acme({
      configuration,
      runtime,
      logger,
      active: watch,
      showChallenges: (certificates) => options.planes.showChallenges(certificates),
    });
    const entries = Object.entries(configuration.entryPoints);
    const graces = entries.map(([, { transport }]) => transport.lifeCycle.graceTimeOut);
    this.functions = new Supervisor({
      runtime,
      logger,
      active: watch,
      grace: Math.max(0, ...graces),
      verdict: (verdict) => options.planes.tellHealth([verdict]),
      changed: () => this.watcher.applyAgain(),
    });
    this.watcher = new ConfigurationWatcher({
      providers: [internalProvider(configuration), ...options.providers, ...this.acme.providers],
      models: entries
        .filter(([, entry]) => !isUdp(entry))
        .map(([name, entry]) => entryPointModel(name, entry)),
      udpEntryPoints: entries.filter(([, entry]) => isUdp(entry)).map(([name]) => name),
      defaultRuleSyntax: configuration.core?.defaultRuleSyntax,
      throttle: configuration.providers.providersThrottleDuration,
      logger,
      apply: (snapshot) => this.apply(snapshot),
    });
  }

  /** What the API shows of servers: what is down, and what is being emptied. */
  get servers(): readonly HealthVerdict[] {
    return [...this.checks.verdicts, ...this.drains.verdicts];
  }

  /** Empties a server, or ends that. False where no HTTP service of that name has it. */
  drain(service: string, server: string, draining: Draining): boolean {
    return this.drains.set(this.applied, service, server, draining);
  }

  /** What data planes are to know: what is down, and which instances of functions are up. */
  get health(): readonly HealthVerdict[] {
    return [...this.checks.verdicts, ...this.drains.verdicts, ...this.functions.verdicts];
  }

  /** The processes of functions, by the service's name. */
  get instances(): FunctionStates {
    return this.functions.states;
  }

  /** What certificate resolvers have, and what they don't get. */
  get resolvers(): ResolverState[] {
    return this.acme.states;
  }

  /** Answers an authority that looks for HTTP-01. */
  answerChallenge(request: ControlRequest): Promise<ControlResponse> {
    return this.acme.answer(request);
  }

  /** A client asked for a name that no certificate has. */
  demand(serverName: string): void {
    this.acme.demand(serverName);
  }

  /** Reads the dynamic configuration and has it compiled, without listening. */
  async load(): Promise<void> {
    await Promise.all([this.options.planes.started(), this.watcher.start()]);
  }

  /** Binds every entrypoint and says where. Rejects, with none left bound, where one can't be. */
  listen(): Promise<readonly Listening[]> {
    return this.options.planes.listen();
  }

  /** Takes no more configurations, and lets what is in flight finish. */
  async shutdown(): Promise<void> {
    this.watcher.stop();
    this.pemFiles.stop();
    this.resolved.stop();
    this.checks.stop();
    this.schedules.stop();
    await this.acme.stop();
    await this.options.planes.shutdown();
    await this.functions.stop();
    this.pools.close();
  }

  private async apply(incomplete: Snapshot): Promise<void> {
    const aggregated = await this.resolved.expand(this.acme.complete(incomplete));
    const snapshot = {
      ...aggregated,
      ...(await this.pemFiles.read(aggregated)),
      instances: await this.functions.instances(aggregated),
    };
    // A file was touched and has what it had.
    if (
      this.applied !== undefined &&
      (await sameInTurns({ ...this.applied, version: 0 }, { ...snapshot, version: 0 }))
    )
      return;
    const report = await this.options.planes.apply(snapshot);
    this.applied = snapshot;
    this.status.set(snapshot, report);
    this.options.telemetry.loaded(snapshot, report);
    this.options.events.reloaded(report);
    this.drains.follow(snapshot);
    if (this.options.watch) {
      await this.checks.follow(snapshot, report.disabled);
      this.schedules.follow(snapshot, report.disabled);
      const kept = report.disabled.filter(({ kind }) => kind === "service");
      this.functions.applied(snapshot, new Set(kept.map(({ name }) => name)));
      // A service that was made anew counts its servers as up, and its instances as down.
      this.options.planes.tellHealth(this.health);
    }
    this.report(report);
    await this.acme.follow(snapshot);
  }

  /** Where health checks ask. */
  private proxyTo(server: ServerAddress): Upstream {
    const pool = this.pools.get(server, server.transport!);
    return {
      handler: reverseProxy({ ...server, pool }, server.url, this.options.logger),
      retain: () => this.pools.retain(pool),
    };
  }

  private report(report: ApplyReport): void {
    const { logger } = this.options;
    const { version, routers, services, middlewares, disabled, tlsErrors } = report;
    for (const { kind, name, message, goesOn, warning } of tlsErrors)
      logger[warning ? "warn" : "error"](message, {
        [`${TLS_ELEMENTS[kind]}Name`]: name,
        ...stateOf(goesOn),
      });
    for (const { kind, name, errors, goesOn } of disabled) {
      for (const error of errors)
        logger.error(error, { [`${kind}Name`]: name, ...stateOf(goesOn) });
    }
    logger.info("Configuration loaded", {
      version,
      routers,
      services,
      middlewares,
      disabled: disabled.length,
    });
  }
}

function stateOf(goesOn: boolean | undefined): LogFields {
  return goesOn === true ? { state: "goes on as it last worked" } : {};
}

const TLS_ELEMENTS = {
  certificate: "tlsCertificate",
  options: "tlsOptions",
  store: "tlsStore",
} as const;

/** Traefik's provider "internal": what the static configuration implies. */
function internalProvider(configuration: StaticConfiguration): Provider {
  const internal = internalConfiguration(configuration);
  return {
    name: "internal",
    start: async (emit) => {
      emit({ provider: "internal", configuration: internal, disabled: [] });
      return () => {};
    },
  };
}
