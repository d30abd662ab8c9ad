import type { Logger } from "../../core/logger.ts";
import type { UdpHandler } from "../../net/udp/udp-session.ts";
import { WeightedRoundRobin } from "../weighted-round-robin.ts";

/** One of those that a UDP service gives its sessions to: a server, or another service. */
export interface UdpMember {
  /** 1 where it isn't given; without a positive one it gets nothing. */
  readonly weight?: number;
  readonly handler: UdpHandler;
}

/**
 * Gives sessions to members in turn, by weight. A session stays where it began. Without a member to
 * give it to, it is dropped, as Traefik does.
 */
export function udpBalancer(
  name: string,
  members: readonly UdpMember[],
  logger: Pick<Logger, "debug">,
): UdpHandler {
  const turns = new WeightedRoundRobin(
    members.map(({ weight = 1, handler }) => ({ weight, handler, up: true })),
  );
  const why = members.length === 0 ? "no servers in the pool" : "all servers have 0 weight";
  return (session) => {
    const turn = turns.next();
    if (turn !== null) return turn.handler(session);
    logger.debug("Dropped a UDP session", {
      serviceName: name,
      entryPointName: session.entryPoint,
      error: why,
    });
    return null;
  };
}
