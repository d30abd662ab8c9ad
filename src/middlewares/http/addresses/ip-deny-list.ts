import { CidrSet } from "../../../core/cidr.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { clientAddress, refusalWith } from "./client-address.ts";

const EVERY = CidrSet.parse(["0.0.0.0/0", "::/0"]);

/**
 * `ipDenyList`, ours: refuses these clients, and those whose address can't be told. `ipAllowList` the other way
 * round, with its options.
 */
export const ipDenyList: HttpMiddlewareKind<"ipDenyList"> = {
  create({ sourceRange = [], ipStrategy, rejectStatusCode }) {
    if (sourceRange.length === 0) throw new Error("ipDenyList: sourceRange is empty");
    const refuse = refusalWith("ipDenyList", rejectStatusCode);
    const denied = CidrSet.parse(sourceRange);
    const addressOf = clientAddress(ipStrategy);
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const address = addressOf(lazy, exchange);
        if (denied.contains(address) || !EVERY.contains(address)) return refuse();
        return next(lazy, exchange);
      },
    };
  },
};
