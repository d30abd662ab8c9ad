import { LocalCounters } from "../../../../src/core/counters/counters.ts";
import type { ElementInputs } from "../../../../src/core/element-kind.ts";
import { Deadlines } from "../../../../src/core/timers.ts";
import { NO_CODECS, NO_FILES } from "../../../../src/graph/http/http-middlewares.ts";
import type { Exchange } from "../../../../src/http/exchange.ts";
import type { Middleware } from "../../../../src/http/handler.ts";
import type { LazyRequest } from "../../../../src/http/lazy/lazy-request.ts";
import type {
  HttpMiddleware,
  HttpMiddlewareContext,
  HttpMiddlewareKind,
  HttpMiddlewareName,
  HttpMiddlewareOptions,
} from "../../../../src/middlewares/http/http-middleware.ts";
import { type MadeRequest, makeRequest } from "../../../support/http/make-request.ts";
import { silentLogger } from "../../core/silent-logger.ts";

/** What became of a request: `reached` where the middleware passed it on. */
export interface Applied {
  readonly reached: boolean;
  /** As the handler behind the middleware saw it, or as it was left. */
  readonly lazy: LazyRequest;
  readonly exchange: Exchange;
  readonly response: Response;
}

/** What a middleware may use, with nothing behind it but what a test gives. */
export function middlewareContext(
  given: Partial<HttpMiddlewareContext> = {},
): HttpMiddlewareContext {
  return {
    name: "test@file",
    provider: "file",
    router: "",
    logger: silentLogger(),
    deadlines: new Deadlines(),
    files: NO_FILES,
    codecs: NO_CODECS,
    module: (path) => ({
      version: "1",
      load: async () => {
        throw new Error(`the test has no module ${path}`);
      },
    }),
    counters: new LocalCounters(),
    services: [],
    client: async (url) => {
      throw new Error(`the test has no server ${url}`);
    },
    ...given,
  };
}

/** A middleware of a kind that needs nothing but its options. */
export function make<K extends HttpMiddlewareName>(
  kind: HttpMiddlewareKind<K>,
  options: HttpMiddlewareOptions<K>,
  given: Partial<HttpMiddlewareContext> = {},
): Middleware {
  const made = kind.create(options, middlewareContext(given), { fingerprint: null });
  return (made as HttpMiddleware).middleware;
}

/** A middleware of a kind that reads files, or that asks others. */
export async function makeWith<K extends HttpMiddlewareName, I extends ElementInputs>(
  kind: HttpMiddlewareKind<K, I>,
  options: HttpMiddlewareOptions<K>,
  given: Partial<HttpMiddlewareContext> = {},
): Promise<Middleware> {
  const context = middlewareContext(given);
  const inputs = ((await kind.inputs?.(options, context)) ?? { fingerprint: null }) as I;
  return (await kind.create(options, context, inputs)).middleware;
}

/** Sends a request through middlewares, outermost first, to a handler that answers. */
export async function apply(
  links: Middleware | readonly Middleware[],
  made: MadeRequest = {},
  answer: (request: Request) => Response | Promise<Response> = () => new Response("backend"),
): Promise<Applied> {
  const { request, lazy, exchange } = makeRequest(made);
  let reached = false;
  const handler = [links]
    .flat()
    .reduceRight<(request: Request, exchange: Exchange) => Response | Promise<Response>>(
      (next, link) => link(next),
      (seen) => {
        reached = true;
        return answer(seen);
      },
    );
  const response = await handler(request, exchange);
  return { reached, lazy, exchange, response };
}
