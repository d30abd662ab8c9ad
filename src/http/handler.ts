import type { Exchange } from "./exchange.ts";
import { type ErrorStep, PendingResponse, type ResponseStep } from "./pending-response.ts";

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
  exchange: Exchange,
  then: ResponseStep,
): Response | Promise<Response> {
  if (response instanceof PendingResponse) return asPromise(response.chain(then, null));
  return response instanceof Promise
    ? response.then((later) => then(later, exchange))
    : then(response, exchange);
}

/** `whenResponse` with something to do for failures too, of those that come later. */
export function whenSettled(
  response: Response | Promise<Response>,
  exchange: Exchange,
  then: ResponseStep | null,
  rescue: ErrorStep,
): Response | Promise<Response> {
  if (response instanceof PendingResponse) return asPromise(response.chain(then, rescue));
  if (!(response instanceof Promise)) return then === null ? response : then(response, exchange);
  return response.then(then === null ? null : (later) => then(later, exchange), (error: unknown) =>
    rescue(error, exchange),
  );
}

function asPromise(pending: PendingResponse): Promise<Response> {
  return pending as unknown as Promise<Response>;
}
