import type { Middleware } from "../http/handler.ts";
import type { Observability } from "../http/observability.ts";

/** The requests that one router takes on one entrypoint, or those that no router takes. */
export interface EntryPointPlace {
  readonly entryPoint: string;
  /** The router's, or the entrypoint's where no router takes the request. */
  readonly observability: Observability;
  /** Behind it is one of Sluice's own services, which only `addInternals` shows. */
  readonly internal: boolean;
}

export interface RouterPlace {
  /** Qualified. */
  readonly router: string;
  readonly rule: string;
  /** Qualified. */
  readonly service: string;
  readonly observability: Observability;
  readonly internal: boolean;
}

export interface MiddlewarePlace {
  /** Qualified. */
  readonly middleware: string;
  /** Its kind's key in the configuration. */
  readonly kind: string;
}

/** A server of a service, or a service that answers by itself. */
export interface ServicePlace {
  /** Qualified. */
  readonly service: string;
  /** As configured; "" where the service has no servers. */
  readonly serverUrl: string;
  readonly internal: boolean;
}

/**
 * A signal: access log, metrics or tracing. Its hooks are asked while the graph is compiled. Each
 * returns the link for that place of a request's way (`request/chain.ts`), or null for none, so that
 * what is off costs a request nothing.
 *
 * A link learns of the end with `exchange.onFinish`: what a handler throws is turned into a response
 * outside of it. A service is shared by routers: the link of `service` asks `exchange.observability`,
 * which the router has set.
 */
export interface Observer {
  /** Around all that is done for a request, the answer 404 included. */
  entryPoint?(place: EntryPointPlace): Middleware | null;
  /** Around the router's middlewares. */
  router?(place: RouterPlace): Middleware | null;
  /** Around a middleware, chains taken apart: what makes another of it. */
  middleware?(place: MiddlewarePlace): ((middleware: Middleware) => Middleware) | null;
  /** Around each try to have a server answer, behind balancing. */
  service?(place: ServicePlace): Middleware | null;
}
