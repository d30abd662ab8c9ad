import type { ElementValue } from "../core/element-kind.ts";
import type { Logger } from "../core/logger.ts";
import type { UdpHandler } from "../net/udp/udp-session.ts";
import { UDP_SERVICES } from "../services/udp/table.ts";
import type { UdpService, UdpServiceContext } from "../services/udp/udp-service.ts";
import { providerOf, resolveReference } from "../snapshot/names.ts";
import type { DisabledElement, RoutedUdpRouter, UdpSnapshot } from "../snapshot/snapshot.ts";
import { buildAll } from "./build-all.ts";
import { ElementBuilder, type Running, reachable } from "./element-builder.ts";
import { configuredNames, failuresOf } from "./failures.ts";
import { missing } from "./missing.ts";
import { planElement } from "./plan-element.ts";

export interface UdpContext {
  readonly logger: Logger;
  readonly proxyTo: UdpServiceContext["proxyTo"];
}

/** A UDP router that runs. */
export interface UdpRouter extends ElementValue {
  readonly router: RoutedUdpRouter;
  readonly handler: UdpHandler;
}

/** The UDP routers and services of one configuration; never changed after it was built. */
export interface UdpGraph {
  /** Who gets an entrypoint's new sessions. */
  readonly entryPoints: ReadonlyMap<string, UdpHandler>;
  readonly services: ReadonlyMap<string, Running<UdpService>>;
  readonly routers: ReadonlyMap<string, Running<UdpRouter>>;
  /** All that runs, by name or not. */
  readonly elements: ReadonlySet<Running>;
  /** What has errors. */
  readonly disabled: readonly DisabledElement[];
}

/**
 * Builds what the UDP part of a snapshot describes. An element that has an error now goes on as it
 * last worked; one that never worked is left out. An entrypoint takes one router: of several, the
 * last name in alphabetical order that works. Source: Traefik's pkg/server/router/udp/router.go.
 */
export async function compileUdp(
  snapshot: UdpSnapshot,
  left: readonly DisabledElement[],
  previous: UdpGraph | null,
  context: UdpContext,
): Promise<UdpGraph> {
  const services = udpServices(snapshot, left, previous?.services ?? new Map(), context);
  const routers = new ElementBuilder<UdpRouter>({
    kind: "UDP router",
    previous: previous?.routers ?? new Map(),
    plan: async (name) => {
      const router = snapshot.routers[name];
      if (router === undefined) throw missing(left, "udpRouter", "UDP router", name);
      if (router.service === "") throw new Error("the service is missing on the UDP router");
      const service = await services.get(router.service);
      return {
        fingerprint: router,
        children: [service],
        held: [],
        create: () => ({ router, handler: service.value.handler }),
      };
    },
  });
  await buildAll(routers, configuredNames("udpRouter", snapshot.routers, left));
  // Those that no router uses are built too, so that their errors show.
  await buildAll(services, configuredNames("udpService", snapshot.services, left));

  const entryPoints = new Map<string, UdpHandler>();
  const taken = new Map<string, string>();
  for (const name of [...routers.running.keys()].sort().reverse()) {
    const { router, handler } = routers.running.get(name)!.value;
    for (const entryPoint of router.entryPoints) {
      const takenBy = taken.get(entryPoint);
      if (takenBy === undefined) {
        taken.set(entryPoint, name);
        entryPoints.set(entryPoint, handler);
        continue;
      }
      context.logger.warn("An entrypoint takes one UDP router: this one gets nothing from it", {
        entryPointName: entryPoint,
        routerName: name,
        takenBy,
      });
    }
  }
  return {
    entryPoints,
    services: services.running,
    routers: routers.running,
    elements: reachable([...services.running.values(), ...routers.running.values()]),
    disabled: [
      ...failuresOf("udpRouter", routers, left),
      ...failuresOf("udpService", services, left),
    ],
  };
}

function udpServices(
  snapshot: UdpSnapshot,
  left: readonly DisabledElement[],
  previous: ReadonlyMap<string, Running<UdpService>>,
  { logger, proxyTo }: UdpContext,
): ElementBuilder<UdpService> {
  const services: ElementBuilder<UdpService> = new ElementBuilder<UdpService>({
    kind: "UDP service",
    previous,
    plan: async (name, path) => {
      const configuration = snapshot.services[name];
      if (configuration === undefined) throw missing(left, "udpService", "UDP service", name);
      return planElement({
        table: UDP_SERVICES,
        configuration,
        label: `UDP service "${name}"`,
        noun: "type",
        service: (reference) => services.get(resolveReference(reference, providerOf(name)), path),
        context: (children) => ({
          name,
          logger,
          proxyTo,
          services: (children as readonly Running<UdpService>[]).map(({ value }) => value.handler),
        }),
      });
    },
  });
  return services;
}
