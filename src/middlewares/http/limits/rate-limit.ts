import type { BucketLimit } from "../../../core/counters/token-bucket.ts";
import { goDuration } from "../../../core/go-duration.ts";
import type { Exchange } from "../../../http/exchange.ts";
import type { Handler } from "../../../http/handler.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import type { HttpMiddlewareKind, HttpMiddlewareOptions } from "../http-middleware.ts";
import { plainAnswer } from "../plain-answer.ts";
import { sourceOf } from "./source-criterion.ts";

/** A timer can't wait for less, in milliseconds. */
const SHORTEST_WAIT = 1;
/** How early a token may be taken at the most, in milliseconds. */
const MOST_PATIENCE = 500;

const tooMany = plainAnswer(429);

/**
 * `rateLimit`: each source, a client's address unless configured otherwise, has a bucket of `burst`
 * tokens that fills by `average` each `period`. A request takes one; where there is none it waits for
 * half a token's time (500 ms at the most), or is refused with 429 and `Retry-After`. Each router
 * counts for itself, for all workers together. Unlike Traefik's, a bucket that was left alone is not
 * forgotten before it is full. Source: Traefik's pkg/middlewares/ratelimiter/rate_limiter.go.
 */
export const rateLimit: HttpMiddlewareKind<"rateLimit"> = {
  perRouter: true,
  create(options, { name, router, counters, logger }) {
    const limit = bucketLimit(options);
    const sourceOfRequest = sourceOf(options.sourceCriterion, { ipStrategy: {} });
    if (limit === null) return { middleware: (next) => next };
    const buckets = counters.buckets(`${name} ${router} rate`);
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const source = sourceOfRequest(lazy, exchange);
        const wait = buckets.take(source, limit);
        if (wait < SHORTEST_WAIT) return next(lazy, exchange);
        if (wait <= limit.patience) return later(wait, next, lazy, exchange);
        logger.debug("Too many requests of one source", { source });
        return refusal(wait);
      },
    };
  },
};

/** Null where there is no limit. */
export function bucketLimit({
  average,
  period,
  burst,
}: Pick<HttpMiddlewareOptions<"rateLimit">, "average" | "period" | "burst">): BucketLimit | null {
  if (average === 0) return null;
  const interval = (period || 1000) / average;
  const patience = Math.min(interval / 2, MOST_PATIENCE);
  return { interval, burst: Math.max(1, burst), patience };
}

/** The answer to a request whose token would be there in so many milliseconds. */
export function refusal(wait: number): Response {
  return tooMany([
    ["Retry-After", String(Math.ceil(wait / 1000))],
    ["X-Retry-In", goDuration(Math.round(wait * 1e6) / 1e6)],
  ]);
}

/** Passes a request on when its token is there. A client that leaves meanwhile has used it up. */
export function later(
  wait: number,
  next: Handler,
  request: LazyRequest,
  exchange: Exchange,
): Promise<Response> {
  exchange.retain();
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      try {
        resolve(next(request, exchange));
      } catch (error) {
        reject(error);
      }
    }, Math.ceil(wait));
    exchange.onAbort((error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
