import type { UdpHandler } from "../../net/udp/udp-session.ts";
import type { ServiceLogger } from "../service-logger.ts";
import { WeightedRoundRobin } from "../weighted-round-robin.ts";

export interface UdpChild {
  /** 1 where it isn't given; one with 0 gets nothing. */
  readonly weight?: number;
  readonly handler: UdpHandler;
}

/**
 * Gives sessions to servers or services in turn, by weight. A session stays where it began.
 * Without anybody to give it to, it is dropped, as Traefik does.
 */
export function udpLoadBalancer(
  name: string,
  children: readonly UdpChild[],
  logger: ServiceLogger,
): UdpHandler {
  const turns = children
    .map(({ weight = 1, handler }) => ({ weight, handler, up: true }))
    .filter(({ weight }) => weight > 0);
  const balancer = new WeightedRoundRobin(turns);
  const why = children.length === 0 ? "no servers in the pool" : "all servers have 0 weight";
  return (session) => {
    const turn = balancer.next();
    if (turn !== null) return turn.handler(session);
    logger.debug("Dropped a UDP session", {
      serviceName: name,
      entryPointName: session.entryPoint,
      error: why,
    });
    return null;
  };
}
