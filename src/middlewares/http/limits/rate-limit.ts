import type { BucketLimit } from "../../../core/counters/token-bucket.ts";
import type { ElementInputs } from "../../../core/element-kind.ts";
import { goDuration } from "../../../core/go-duration.ts";
import type { Exchange } from "../../../http/exchange.ts";
import type { Handler, Middleware } from "../../../http/handler.ts";
import { httpError } from "../../../http/http-error.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import type { HttpMiddlewareKind, HttpMiddlewareOptions, RedisServer } from "../http-middleware.ts";
import { plainAnswer } from "../plain-answer.ts";
import { RedisBuckets } from "./redis-buckets.ts";
import { type SourceOf, sourceOf } from "./source-criterion.ts";

/** A timer can't wait for less, in milliseconds. */
const SHORTEST_WAIT = 1;
/** How early a token may be taken at the most, in milliseconds. */
const MOST_PATIENCE = 500;

const tooMany = plainAnswer(429);

interface Inputs extends ElementInputs {
  readonly server: RedisServer | null;
}

/**
 * `rateLimit`: each source, a client's address unless configured otherwise, has a bucket of `burst`
 * tokens that fills by `average` each `period`. A request takes one; where there is none it waits for
 * half a token's time (500 ms at the most), or is refused with 429 and `Retry-After`. Each router
 * counts for itself, for all workers together. With `redis` the buckets are there, one for all that
 * ask that server for a middleware of that name; while it is away requests are answered 500, or pass
 * with `failOpen`. Unlike Traefik's, a bucket that was left alone is not forgotten before it is full.
 * Source: Traefik's pkg/middlewares/ratelimiter/rate_limiter.go.
 */
export const rateLimit: HttpMiddlewareKind<"rateLimit", Inputs> = {
  perRouter: true,
  async inputs({ redis }, context) {
    if (redis === undefined) return { fingerprint: null, server: null };
    if (context.redis === undefined)
      throw new Error("rateLimit: this platform has no Redis client");
    const { endpoints, username, password, db, tls } = redis;
    const cluster = endpoints.length > 1;
    const server = await context.redis({ endpoints, username, password, db, cluster }, tls);
    return { fingerprint: server.tls, server };
  },
  create(options, { name, router, counters, logger }, { server }) {
    const limit = bucketLimit(options);
    const sourceOfRequest = sourceOf(options.sourceCriterion, { ipStrategy: {} });
    if (limit === null) return { middleware: (next) => next };
    const { redis } = options;
    if (redis !== undefined && server !== null) {
      const remote = new RedisBuckets({ ...redis, connect: server.connect, logger });
      return {
        middleware: byRedis(remote, name, limit, sourceOfRequest, redis.failOpen === true),
        stop: () => remote.stop(),
      };
    }
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

function byRedis(
  buckets: RedisBuckets,
  name: string,
  limit: BucketLimit,
  sourceOfRequest: SourceOf,
  failOpen: boolean,
): Middleware {
  return (next) => async (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    // It may be another request's when the server has answered.
    exchange.retain();
    let wait: number;
    try {
      wait = await buckets.take(`${name}:${sourceOfRequest(lazy, exchange)}`, limit);
    } catch {
      return failOpen ? next(lazy, exchange) : httpError(500, "Could not insert/update bucket");
    }
    if (exchange.aborted !== null) throw exchange.aborted;
    if (wait < SHORTEST_WAIT) return next(lazy, exchange);
    return wait <= limit.patience ? later(wait, next, lazy, exchange) : refusal(wait);
  };
}

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
