import { CidrSet } from "../../core/cidr.ts";
import type { TcpMiddlewareKind } from "./tcp-middleware.ts";

/**
 * Closes connections of clients whose address is in none of the ranges. Refuses an empty list.
 * Source: Traefik's pkg/middlewares/tcp/ipallowlist/ip_allowlist.go.
 */
export const ipAllowList: TcpMiddlewareKind<"ipAllowList"> = {
  create({ sourceRange = [] }, { logger }) {
    if (sourceRange.length === 0)
      throw new Error("sourceRange is empty: no client would be allowed");
    const ranges = CidrSet.parse(sourceRange);
    return {
      middleware: (next) => (accepted) => {
        if (ranges.contains(accepted.remote.ip)) {
          next(accepted);
          return;
        }
        logger.debug("Connection refused: the client's address is not in the sourceRange", {
          remote: accepted.remote.ip,
        });
        accepted.closed();
        accepted.connection.close();
      },
    };
  },
};
