import type { LoadBalancer } from "../config/dynamic/schema.ts";
import type { TcpServersTransport, TcpService } from "../config/dynamic/tcp.ts";
import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { transportOf } from "../graph/http/http-services.ts";
import { missing } from "../graph/missing.ts";
import { clientTls } from "../graph/tcp/tcp-services.ts";
import type { Transports } from "../graph/transports.ts";
import type { Handler } from "../http/handler.ts";
import type { Runtime } from "../net/runtime.ts";
import type { HealthVerdict, ReportHealth } from "../services/health/health-verdicts.ts";
import {
  type ConfiguredServer,
  dialledAt,
  originAddress,
  type ServerAddress,
  type Upstream,
} from "../services/http/server-address.ts";
import { tcpServers, tcpTransportOf } from "../services/tcp/load-balancer.ts";
import { providerOf, resolveReference } from "../snapshot/names.ts";
import type { DisabledElement, Snapshot } from "../snapshot/snapshot.ts";
import { readFromTable } from "../tls/pem-reader.ts";
import type { Transport } from "../upstream/transport.ts";
import { HealthCheck } from "./health-check.ts";
import type { ProbeTransport } from "./http-probe.ts";
import { TcpHealthCheck } from "./tcp-health-check.ts";

export interface ActiveChecksContext {
  readonly logger: Logger;
  /** Hears the outcome of every check. */
  readonly verdict: (verdict: HealthVerdict) => void;
  /** What sends requests to a server. */
  readonly proxyTo: (server: ServerAddress) => Upstream;
  /** How servers are connected to; not given where there are no sockets. */
  readonly sockets?: {
    readonly transports: Transports;
    readonly runtime: Pick<Runtime, "connect" | "clientTls">;
    /** The static configuration's, for TCP services that name no other. */
    readonly defaultTcpTransport: TcpServersTransport;
    /** The pools that no check has retained may go. */
    readonly closeUnused: () => void;
  };
}

interface RunningCheck {
  readonly fingerprint: string;
  readonly upstreams: readonly Upstream[];
  stop(): void;
}

const DEFAULT_TRANSPORT = "default@internal";

/**
 * The active health checks of a configuration. They run once in the process, whatever the number of
 * workers; a check that a new configuration leaves as it is goes on.
 */
export class ActiveChecks {
  private readonly context: ActiveChecksContext;
  private running = new Map<string, RunningCheck>();
  /** What is down, by kind, service and server. */
  private readonly down = new Map<string, HealthVerdict>();

  constructor(context: ActiveChecksContext) {
    this.context = context;
  }

  /** What is known to be down; servers count as up until a check fails. */
  get verdicts(): HealthVerdict[] {
    return [...this.down.values()];
  }

  /**
   * Checks what this snapshot describes. A service of `disabled` goes on as it last worked, and so
   * does its check.
   */
  async follow(snapshot: Snapshot, disabled: readonly DisabledElement[]): Promise<void> {
    const { sockets } = this.context;
    const readPem = readFromTable(snapshot.pems);
    sockets?.transports.newConfiguration(readPem);
    const before = this.running;
    const next = new Map<string, RunningCheck>();
    const keep = async (key: string, build: () => Promise<RunningCheck>) => {
      try {
        next.set(key, await build());
      } catch {
        // Its service has the same error, and says it.
        const kept = before.get(key);
        if (kept !== undefined) next.set(key, kept);
      }
    };
    for (const [name, { loadBalancer }] of Object.entries(snapshot.services)) {
      if (loadBalancer?.healthCheck === undefined) continue;
      await keep(`http ${name}`, () => this.http(name, loadBalancer, snapshot));
    }
    for (const [name, { loadBalancer }] of Object.entries(snapshot.tcp.services)) {
      if (loadBalancer?.healthCheck === undefined || sockets === undefined) continue;
      await keep(`tcp ${name}`, () => this.tcp(name, loadBalancer, snapshot));
    }
    for (const { kind, name } of disabled) {
      const key =
        kind === "service" ? `http ${name}` : kind === "tcpService" ? `tcp ${name}` : undefined;
      const kept = key === undefined ? undefined : before.get(key);
      if (kept === undefined) continue;
      const started = next.get(key!);
      if (started !== kept) started?.stop();
      next.set(key!, kept);
    }
    this.running = next;
    for (const [key, check] of before) {
      if (next.get(key) === check) continue;
      check.stop();
      this.forget(key);
    }
    for (const { upstreams } of next.values()) for (const upstream of upstreams) upstream.retain();
    sockets?.closeUnused();
  }

  stop(): void {
    for (const check of this.running.values()) check.stop();
    this.running.clear();
  }

  private async http(
    name: string,
    { servers = [], healthCheck, serversTransport = "" }: LoadBalancer,
    snapshot: Snapshot,
  ): Promise<RunningCheck> {
    const { sockets, logger } = this.context;
    const numbered = await transportOf(name, serversTransport, snapshot, sockets?.transports);
    const urls = servers.map(({ url = "" }) => url);
    const targets = servers.map(({ url = "", name }: ConfiguredServer) => ({ url, name }));
    const fingerprint = JSON.stringify([targets, healthCheck, numbered?.id]);
    const kept = this.kept(`http ${name}`, fingerprint);
    if (kept !== undefined) return kept;
    const upstreams: Upstream[] = [];
    const check = new HealthCheck(targets, healthCheck!, {
      service: name,
      logger,
      report: this.reporter("http", name, urls),
      transport: this.probeTransport(numbered?.transport ?? null, upstreams),
    });
    return { fingerprint, upstreams, stop: () => check.stop() };
  }

  /** Health checks go the way that requests go. */
  private probeTransport(transport: Transport | null, upstreams: Upstream[]): ProbeTransport {
    const handlers = new Map<string, Handler>();
    return ({ place, scheme, url }) => {
      const key = `${scheme}://${url.host} ${place ?? ""}`;
      let handler = handlers.get(key);
      if (handler === undefined) {
        if (place !== undefined && transport === null)
          throw new Error(`${place} needs sockets of Sluice's own`);
        const named = originAddress(scheme, url, transport);
        const address = place === undefined ? named : dialledAt(named, place);
        const upstream = this.context.proxyTo(address);
        upstreams.push(upstream);
        handler = upstream.handler;
        handlers.set(key, handler);
      }
      return handler;
    };
  }

  private async tcp(
    name: string,
    loadBalancer: NonNullable<TcpService["loadBalancer"]>,
    snapshot: Snapshot,
  ): Promise<RunningCheck> {
    const { logger } = this.context;
    const { runtime, defaultTcpTransport } = this.context.sockets!;
    const { servers = [] } = loadBalancer;
    const healthCheck = loadBalancer.healthCheck!;
    const transport = tcpTransportOf(loadBalancer, {
      defaultTransport: defaultTcpTransport,
      transport: (reference) => namedTcpTransport(name, reference, snapshot, defaultTcpTransport),
    });
    const secured = servers.some(({ tls }) => tls);
    const tls = secured
      ? await clientTls(runtime, readFromTable(snapshot.pems), transport)
      : undefined;
    const fingerprint = JSON.stringify([servers, healthCheck, transport, tls?.fingerprint]);
    const kept = this.kept(`tcp ${name}`, fingerprint);
    if (kept !== undefined) return kept;
    const addresses = servers.map(({ address }) => address);
    const check = new TcpHealthCheck(
      tcpServers(servers, transport, tls),
      {
        ...healthCheck,
        port: healthCheck.port,
        unhealthyInterval: healthCheck.unhealthyInterval ?? healthCheck.interval,
      },
      {
        service: name,
        connect: runtime.connect.bind(runtime),
        logger,
        report: this.reporter("tcp", name, addresses),
      },
    );
    return { fingerprint, upstreams: [], stop: () => check.stop() };
  }

  private kept(key: string, fingerprint: string): RunningCheck | undefined {
    const before = this.running.get(key);
    return before?.fingerprint === fingerprint ? before : undefined;
  }

  private reporter(
    kind: HealthVerdict["kind"],
    service: string,
    servers: readonly string[],
  ): ReportHealth {
    return (index, up) => {
      const verdict: HealthVerdict = { kind, service, server: servers[index], up };
      const key = `${kind} ${service} ${verdict.server}`;
      if (up) this.down.delete(key);
      else this.down.set(key, verdict);
      try {
        this.context.verdict(verdict);
      } catch (error) {
        this.context.logger.error("A verdict of a health check is lost", {
          error: messageOf(error),
        });
      }
    };
  }

  /** The check of that kind and service has ended: its servers count as up again. */
  private forget(check: string): void {
    for (const key of this.down.keys()) if (key.startsWith(`${check} `)) this.down.delete(key);
  }
}

function namedTcpTransport(
  service: string,
  reference: string,
  { tcp, disabled }: Snapshot,
  defaultTransport: TcpServersTransport,
): TcpServersTransport {
  const name = resolveReference(reference, providerOf(service));
  if (name === DEFAULT_TRANSPORT) return defaultTransport;
  const transport = tcp.serversTransports[name];
  if (transport !== undefined) return transport;
  throw missing(disabled, "tcpServersTransport", "TCP serversTransport", name);
}
