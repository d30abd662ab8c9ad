import type { Handler } from "../../http/handler.ts";
import { httpError } from "../../http/http-error.ts";
import { Health, healthOfChild } from "../health/health.ts";
import type { HttpService } from "./http-service.ts";

export interface FailoverChild {
  readonly name: string;
  readonly handler: Handler;
  readonly health: Health | null;
}

/** A `failover` service. */
export interface FailoverOptions {
  /** Qualified. */
  readonly name: string;
  readonly service: FailoverChild;
  readonly fallback: FailoverChild;
  /** Present, if empty: the fallback's health counts, and parents hear of this service's. */
  readonly healthCheck?: object;
}

/**
 * Builds a `failover` service: `service` while it is up, else `fallback`, else 503. Throws where
 * `service` has no healthCheck (it could never fail over), or, with healthCheck on, the fallback.
 * Source: Traefik's pkg/server/service/loadbalancer/failover/failover.go.
 */
export function failover(options: FailoverOptions): HttpService {
  const { name, service, fallback } = options;
  const main = healthOfChild(service.health, service.name, name);
  const spare =
    options.healthCheck === undefined ? null : healthOfChild(fallback.health, fallback.name, name);
  const handler: Handler = (request, exchange) => {
    if (main.up) return service.handler(request, exchange);
    if (spare === null || spare.up) return fallback.handler(request, exchange);
    return httpError(503);
  };
  if (spare === null) return { handler, health: null, stop() {} };

  const own = new Health(main.up || spare.up);
  const changed = () => own.set(main.up || spare.up);
  const subscriptions = [main.subscribe(changed), spare.subscribe(changed)];
  return {
    handler,
    health: own,
    stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
    },
  };
}
