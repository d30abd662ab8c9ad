import type { Handler } from "../../../http/handler.ts";
import { httpError } from "../../../http/http-error.ts";
import { Health, healthOfChild } from "../../health/health.ts";
import type { HttpServiceKind } from "../http-service.ts";

/**
 * `failover`: `service` while it is up, else `fallback`, else 503. Refused where `service` has no
 * healthCheck (it could never fail over), or, with healthCheck on, the fallback.
 * Source: Traefik's pkg/server/service/loadbalancer/failover/failover.go.
 */
export const failover: HttpServiceKind<"failover"> = {
  services: ({ service, fallback }) => [service, fallback],
  create({ healthCheck }, { name, services: [service, fallback] }) {
    const main = healthOfChild(service.health, service.name, name);
    const spare =
      healthCheck === undefined ? null : healthOfChild(fallback.health, fallback.name, name);
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
  },
};
