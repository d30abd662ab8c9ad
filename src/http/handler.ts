import type { Exchange } from "./exchange.ts";

/**
 * Everything that answers requests: routers, services, user modules, the whole pipeline. A plain
 * `(request) => Response` is one.
 */
export type Handler = (request: Request, exchange: Exchange) => Response | Promise<Response>;

/** Wraps a handler; folded once, when the configuration is compiled. */
export type Middleware = (next: Handler) => Handler;

/**
 * Applies `then` to a response that is there already or will be: then, now or later. Middlewares
 * that touch the response use it so that they force no Promise where there was none.
 */
export function whenResponse(
  response: Response | Promise<Response>,
  then: (response: Response) => Response | Promise<Response>,
): Response | Promise<Response> {
  return response instanceof Promise ? response.then(then) : then(response);
}
