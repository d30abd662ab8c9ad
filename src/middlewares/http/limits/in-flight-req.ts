import type { Exchange } from "../../../http/exchange.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { plainAnswer } from "../plain-answer.ts";
import { sourceOf } from "./source-criterion.ts";

/**
 * `inFlightReq`: lets each source, a host unless configured otherwise, have so many requests at once and
 * refuses more with 429. A request is over when its response has been sent, an upgraded connection
 * when it is closed. Each router counts for itself, for all workers together. A request that an outer
 * `retry` sends again counts once. Source: Traefik's pkg/middlewares/inflightreq/inflight_req.go and
 * oxy's connlimit.
 */
export const inFlightReq: HttpMiddlewareKind<"inFlightReq"> = {
  perRouter: true,
  create({ amount, sourceCriterion }, { name, router, counters, logger }) {
    const sourceOfRequest = sourceOf(sourceCriterion, { requestHost: true });
    const counts = counters.counts(`${name} ${router} requests`);
    const refuse = plainAnswer(429, `max connections reached: ${amount}`);
    /** Those that are counted, with their source. */
    const counted = new Map<Exchange, string>();
    const over = (exchange: Exchange): void => {
      const source = counted.get(exchange);
      counted.delete(exchange);
      if (source !== undefined) counts.lower(source);
    };
    return {
      middleware: (next) => (request, exchange) => {
        if (counted.has(exchange)) return next(request, exchange);
        const lazy = LazyRequest.of(request, exchange);
        const source = sourceOfRequest(lazy, exchange);
        if (!counts.raise(source, amount)) {
          logger.debug("Too many requests at once", { source, amount });
          return refuse();
        }
        counted.set(exchange, source);
        exchange.onFinish(over);
        return next(lazy, exchange);
      },
    };
  },
};
