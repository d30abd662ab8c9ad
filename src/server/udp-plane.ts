import type { EntryPointConfiguration } from "../config/static/entry-points.ts";
import { MAX_UDP_SESSIONS } from "../config/static/max-udp-sessions.ts";
import type { Logger } from "../core/logger.ts";
import type { Deadlines } from "../core/timers.ts";
import { compileUdp, type UdpGraph } from "../graph/compile-udp.ts";
import { stopGone } from "../graph/element-builder.ts";
import { parseHostPort } from "../net/host-port.ts";
import type { Runtime } from "../net/runtime.ts";
import { UdpProxies } from "../services/udp/udp-proxy.ts";
import type { DisabledElement, Snapshot } from "../snapshot/snapshot.ts";
import { acceptGrace } from "./entry-point/accept-grace.ts";
import { UdpEntryPoint, type UdpEntryPointOptions } from "./entry-point/udp-entry-point.ts";

/** The UDP entrypoints, and the routers and services that serve them. */
export class UdpPlane {
  readonly entryPoints: readonly UdpEntryPoint[];
  private readonly runtime: Pick<Runtime, "bindUdp">;
  private readonly logger: Logger;
  private readonly proxies: UdpProxies;
  private graph: UdpGraph | null = null;

  constructor(
    entryPoints: readonly (readonly [name: string, EntryPointConfiguration])[],
    runtime: Pick<Runtime, "bindUdp">,
    deadlines: Deadlines,
    logger: Logger,
  ) {
    this.runtime = runtime;
    this.logger = logger;
    this.proxies = new UdpProxies((options, handler) => runtime.bindUdp(options, handler), logger);
    this.entryPoints = entryPoints.map(
      ([name, entry]) => new UdpEntryPoint(udpEntryPointOptions(name, entry), deadlines, logger),
    );
  }

  /** Datagrams from clients since the start. */
  get datagramCount(): number {
    return this.entryPoints.reduce((sum, entryPoint) => sum + entryPoint.datagramCount, 0);
  }

  /** Binds every entrypoint. Rejects, with none left bound, where one can't be. */
  async listen(): Promise<void> {
    try {
      for (const entryPoint of this.entryPoints) await entryPoint.listen(this.runtime);
    } catch (error) {
      for (const entryPoint of this.entryPoints) await entryPoint.shutdown(0);
      throw error;
    }
  }

  /** What of the present configuration could not be compiled. */
  get disabled(): readonly DisabledElement[] {
    return this.graph?.disabled ?? [];
  }

  get routerCount(): number {
    return this.graph?.routers.size ?? 0;
  }

  get serviceCount(): number {
    return this.graph?.services.size ?? 0;
  }

  /** Compiles the UDP part of a snapshot; what it gives back gives new sessions to it. */
  async compile({ udp, disabled }: Pick<Snapshot, "udp" | "disabled">): Promise<() => void> {
    const proxyTo = this.proxies.to.bind(this.proxies);
    const { logger, graph: before } = this;
    const graph = await compileUdp(udp, disabled, before, { logger, proxyTo });
    return () => {
      this.graph = graph;
      for (const entryPoint of this.entryPoints) {
        entryPoint.handler = graph.entryPoints.get(entryPoint.name) ?? null;
      }
      stopGone(before?.elements ?? [], graph.elements);
    };
  }

  /** Takes new sessions for each entrypoint's requestAcceptGraceTimeout, and lets them end within its grace time. */
  async shutdown(): Promise<void> {
    const ends = this.entryPoints.map(async (entryPoint) => {
      await acceptGrace(entryPoint);
      await entryPoint.shutdown();
    });
    await Promise.all(ends);
  }
}

/** Whether an entrypoint is for UDP; the others are for TCP. */
export function isUdp({ address }: EntryPointConfiguration): boolean {
  return parseHostPort(address).protocol === "udp";
}

/** What the static configuration says of one UDP entrypoint, in the terms of the server. */
function udpEntryPointOptions(
  name: string,
  { address, reusePort, transport, udp }: EntryPointConfiguration,
): UdpEntryPointOptions {
  const { hostname, port } = parseHostPort(address);
  return {
    name,
    hostname,
    port,
    reusePort,
    timeout: udp.timeout,
    maxSessions: udp.maxSessions ?? MAX_UDP_SESSIONS,
    requestAcceptGraceTimeout: transport.lifeCycle.requestAcceptGraceTimeout,
    graceTimeOut: transport.lifeCycle.graceTimeOut,
  };
}
