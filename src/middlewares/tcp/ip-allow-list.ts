import { CidrSet } from "../../core/cidr.ts";
import type { TcpMiddleware } from "../../net/tcp-handler.ts";
import type { TcpMiddlewareLogger } from "./tcp-middleware-logger.ts";

/**
 * Closes connections of clients whose address is in none of the ranges. Throws where there are no
 * ranges, or one is wrong. Source: Traefik's pkg/middlewares/tcp/ipallowlist/ip_allowlist.go.
 */
export function tcpIpAllowList(
  sourceRange: readonly string[],
  logger: TcpMiddlewareLogger,
): TcpMiddleware {
  if (sourceRange.length === 0) throw new Error("sourceRange is empty: nobody would be allowed");
  const ranges = CidrSet.parse(sourceRange);
  return (next) => (accepted) => {
    if (ranges.contains(accepted.remote.ip)) {
      next(accepted);
      return;
    }
    logger.debug("Connection refused: the client's address is not in the sourceRange", {
      remote: accepted.remote.ip,
    });
    accepted.closed();
    accepted.connection.close();
  };
}
