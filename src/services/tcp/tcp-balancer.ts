import type { Logger } from "../../core/logger.ts";
import type { TcpHandler } from "../../net/tcp-handler.ts";
import { Health } from "../health/health.ts";
import { type Turn, WeightedRoundRobin } from "../weighted-round-robin.ts";

/** One of those that a TCP service gives its connections to: a server, or another service. */
export interface TcpMember {
  readonly handler: TcpHandler;
  /** 1 where it is undefined; without a positive one it gets nothing. */
  readonly weight?: number;
}

/** Chooses among the members of a TCP service. */
export interface TcpBalancer {
  readonly handler: TcpHandler;
  /** Null where no check runs. */
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
export function tcpBalancer(
  name: string,
  members: readonly TcpMember[],
  checked: boolean,
  logger: Pick<Logger, "debug">,
): TcpBalancer {
  const turns = new WeightedRoundRobin<Member>(
    members.map(({ handler, weight = 1 }) => ({ handler, weight, up: true })),
  );
  const health = checked ? new Health(turns.anyUp) : null;
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
      turns.setUp(index, up);
      health?.set(turns.anyUp);
    },
  };
}
