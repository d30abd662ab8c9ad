import type { Exchange } from "../../../../src/http/exchange.ts";
import type { Middleware } from "../../../../src/http/handler.ts";
import type { LazyRequest } from "../../../../src/http/lazy/lazy-request.ts";
import type { MiddlewareFactory } from "../../../../src/middlewares/http/middleware-factory.ts";
import { type MadeRequest, makeRequest } from "../../../support/http/make-request.ts";

/** What became of a request: `reached` where the middleware passed it on. */
export interface Applied {
  readonly reached: boolean;
  /** As the handler behind the middleware saw it, or as it was left. */
  readonly lazy: LazyRequest;
  readonly exchange: Exchange;
  readonly response: Response;
}

export const make = <Options>(factory: MiddlewareFactory<Options>, options: Options): Middleware =>
  factory(options, { name: "test@file" });

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
