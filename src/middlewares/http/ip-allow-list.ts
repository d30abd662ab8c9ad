import { CidrSet } from "../../core/cidr.ts";
import { ipStrategy } from "../../http/ip-strategy.ts";
import { LazyRequest } from "../../http/lazy/lazy-request.ts";
import { reasonOf } from "../../http/lazy/lazy-response.ts";
import { portColon, withoutBrackets } from "../../net/host-port.ts";
import type { HttpMiddlewareKind } from "./http-middleware.ts";
import { plainAnswer } from "./plain-answer.ts";

/** An address as X-Forwarded-For may have it, without the port: "192.0.2.1:80", "[::1]:80". */
function withoutPort(address: string): string {
  const colon = portColon(address);
  return colon < 0 ? address : withoutBrackets(address.slice(0, colon));
}

/**
 * `ipAllowList`: lets only these clients pass. Source: Traefik's
 * pkg/middlewares/ipallowlist/ip_allowlist.go.
 */
export const ipAllowList: HttpMiddlewareKind<"ipAllowList"> = {
  create(options) {
    const { sourceRange = [], rejectStatusCode = 0 } = options;
    if (sourceRange.length === 0) throw new Error("ipAllowList: sourceRange is empty");
    const status = rejectStatusCode === 0 ? 403 : rejectStatusCode;
    if (reasonOf(status) === "") {
      throw new Error(
        `ipAllowList: rejectStatusCode: expected an HTTP status code, found ${status}`,
      );
    }
    const allowed = CidrSet.parse(sourceRange);
    const clientIp = ipStrategy(options.ipStrategy);
    const refuse = plainAnswer(status);
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        if (allowed.contains(withoutPort(clientIp(lazy, exchange)))) {
          return next(lazy, exchange);
        }
        return refuse();
      },
    };
  },
};
