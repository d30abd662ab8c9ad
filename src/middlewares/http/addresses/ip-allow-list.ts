import { CidrSet } from "../../../core/cidr.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { clientAddress, refusalWith } from "./client-address.ts";

/**
 * `ipAllowList`: lets only these clients pass. Source: Traefik's
 * pkg/middlewares/ipallowlist/ip_allowlist.go.
 */
export const ipAllowList: HttpMiddlewareKind<"ipAllowList"> = {
  create({ sourceRange = [], ipStrategy, rejectStatusCode }) {
    if (sourceRange.length === 0) throw new Error("ipAllowList: sourceRange is empty");
    const refuse = refusalWith("ipAllowList", rejectStatusCode);
    const allowed = CidrSet.parse(sourceRange);
    const addressOf = clientAddress(ipStrategy);
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        return allowed.contains(addressOf(lazy, exchange)) ? next(lazy, exchange) : refuse();
      },
    };
  },
};
