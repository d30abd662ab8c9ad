import { messageOf } from "../core/errors.ts";
import { parseHostPort } from "../net/host-port.ts";
import type { UdpHandler } from "../net/udp/udp-session.ts";
import type { ServiceLogger } from "../services/service-logger.ts";
import { udpLoadBalancer } from "../services/udp/udp-load-balancer.ts";
import type { UdpServer } from "../services/udp/udp-proxy.ts";
import { providerOf, resolveReference } from "../snapshot/names.ts";
import type { DisabledElement, UdpSnapshot } from "../snapshot/snapshot.ts";

export interface UdpContext {
  readonly logger: ServiceLogger;
  readonly proxyTo: (server: UdpServer) => UdpHandler;
}

/** A UDP service that runs. Kept over a reload that doesn't change it, so that turns go on. */
export interface RunningUdpService {
  readonly handler: UdpHandler;
  readonly fingerprint: string;
  readonly children: readonly RunningUdpService[];
}

/** The UDP routers and services of one configuration; never changed after it was built. */
export interface UdpGraph {
  /** Who gets an entrypoint's new sessions. */
  readonly entryPoints: ReadonlyMap<string, UdpHandler>;
  readonly services: ReadonlyMap<string, RunningUdpService>;
  /** How many routers work. */
  readonly routerCount: number;
  /** What could not be compiled, and why. */
  readonly disabled: readonly DisabledElement[];
}

/**
 * Builds what the UDP part of a snapshot describes. An entrypoint takes one router: of several, the
 * last name in alphabetical order that works. Source: Traefik's pkg/server/router/udp/router.go.
 */
export function compileUdp(
  snapshot: UdpSnapshot,
  previous: UdpGraph | null,
  context: UdpContext,
): UdpGraph {
  const builder = new UdpServiceBuilder(snapshot, previous, context);
  const disabled: DisabledElement[] = [];
  const entryPoints = new Map<string, UdpHandler>();
  const taken = new Map<string, string>();
  const names = Object.keys(snapshot.routers).sort().reverse();
  let routerCount = 0;
  for (const name of names) {
    const router = snapshot.routers[name];
    try {
      if (router.service === "") throw new Error("the service is missing on the udp router");
      const { handler } = builder.get(router.service);
      routerCount++;
      for (const entryPoint of router.entryPoints) {
        const first = taken.get(entryPoint);
        if (first === undefined) {
          taken.set(entryPoint, name);
          entryPoints.set(entryPoint, handler);
        } else {
          context.logger.warn("An entrypoint takes one UDP router: this one gets nothing from it", {
            entryPointName: entryPoint,
            routerName: name,
            takenBy: first,
          });
        }
      }
    } catch (error) {
      disabled.push({ kind: "udpRouter", name, errors: [messageOf(error)] });
    }
  }
  // Services that no router uses are built too, so that their errors show.
  for (const name of Object.keys(snapshot.services)) {
    try {
      builder.get(name);
    } catch (error) {
      disabled.push({ kind: "udpService", name, errors: [messageOf(error)] });
    }
  }
  return { entryPoints, services: builder.built, routerCount, disabled };
}

class UdpServiceBuilder {
  readonly built = new Map<string, RunningUdpService>();
  private readonly failed = new Map<string, Error>();
  private readonly snapshot: UdpSnapshot;
  private readonly previous: UdpGraph | null;
  private readonly context: UdpContext;

  constructor(snapshot: UdpSnapshot, previous: UdpGraph | null, context: UdpContext) {
    this.snapshot = snapshot;
    this.previous = previous;
    this.context = context;
  }

  /** The service of that qualified name. Throws what is wrong with it. */
  get(name: string, path: readonly string[] = []): RunningUdpService {
    const before = this.built.get(name);
    if (before !== undefined) return before;
    const failure = this.failed.get(name);
    if (failure !== undefined) throw failure;
    try {
      const service = this.build(name, path);
      this.built.set(name, service);
      return service;
    } catch (error) {
      this.failed.set(name, error as Error);
      throw error;
    }
  }

  private build(name: string, path: readonly string[]): RunningUdpService {
    if (path.includes(name))
      throw new Error(`udp service "${name}": recursion: ${[...path, name].join(" -> ")}`);
    const configuration = this.snapshot.services[name];
    if (configuration === undefined) throw new Error(`the udp service "${name}" does not exist`);
    const { loadBalancer, weighted } = configuration;
    if ((loadBalancer === undefined) === (weighted === undefined)) {
      const found = loadBalancer === undefined ? "none" : "loadBalancer, weighted";
      throw new Error(`udp service "${name}": expected exactly one type, found ${found}`);
    }
    const references = (weighted?.services ?? []).map((child) =>
      resolveReference(child.name ?? "", providerOf(name)),
    );
    const children = references.map((reference) => this.get(reference, [...path, name]));
    const fingerprint = JSON.stringify([configuration, children.map((child) => child.fingerprint)]);
    const before = this.previous?.services.get(name);
    if (
      before?.fingerprint === fingerprint &&
      before.children.every((child, i) => child === children[i])
    )
      return before;
    const { logger, proxyTo } = this.context;
    const turns =
      weighted === undefined
        ? (loadBalancer?.servers ?? []).map(({ address }) => {
            const { hostname, port } = parseHostPort(address);
            return { handler: proxyTo({ hostname, port }) };
          })
        : children.map(({ handler }, i) => ({
            handler,
            weight: weighted.services![i].weight,
          }));
    return { fingerprint, children, handler: udpLoadBalancer(name, turns, logger) };
  }
}
