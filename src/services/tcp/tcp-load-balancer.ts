import type { TcpHandler } from "../../net/tcp-handler.ts";
import { Health } from "../health/health.ts";
import { type Turn, WeightedRoundRobin } from "../weighted-round-robin.ts";
import type { TcpLogger } from "./tcp-proxy.ts";

/** One of those that a TCP service gives its connections to: a server, or another service. */
export interface TcpMember {
  readonly handler: TcpHandler;
  /** 1 where it is undefined; without a positive one it gets nothing. */
  readonly weight?: number;
}

/** A TCP service that runs. */
export interface TcpService {
  readonly handler: TcpHandler;
  /** Null where nobody checks. */
  readonly health: Health | null;
  setUp(index: number, up: boolean): void;
}

interface Member extends Turn {
  readonly handler: TcpHandler;
}

/**
 * Gives each connection to the member whose turn it is, of those that are up. Without any the
 * connection is closed. Source: Traefik's pkg/tcp/wrr_load_balancer.go.
 */
export function tcpLoadBalancer(
  name: string,
  members: readonly TcpMember[],
  checked: boolean,
  logger: TcpLogger,
): TcpService {
  const places: number[] = [];
  const all: Member[] = [];
  members.forEach(({ handler, weight = 1 }) => {
    places.push(weight > 0 ? all.length : -1);
    if (weight > 0) all.push({ handler, weight, up: true });
  });
  const turns = new WeightedRoundRobin(all);
  const health = checked ? new Health(all.length > 0) : null;
  return {
    health,
    handler: (accepted) => {
      const member = turns.next();
      if (member !== null) {
        member.handler(accepted);
        return;
      }
      logger.debug("No available server: closed the connection", {
        serviceName: name,
        remote: accepted.remote.ip,
      });
      accepted.closed();
      accepted.connection.close();
    },
    setUp: (index, up) => {
      if (places[index] < 0) return;
      turns.setUp(places[index], up);
      health?.set(turns.anyUp);
    },
  };
}
