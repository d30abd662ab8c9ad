import { Health, healthOfChild } from "../../health/health.ts";
import { Balancer } from "../balancer.ts";
import type { HttpService, HttpServiceContext } from "../http-service.ts";
import type { Sticky } from "../sticky.ts";
import type { CreateStrategy } from "../strategies/strategy.ts";

export interface BalancedServicesOptions {
  /** Of the context's services; 1 where it is undefined. */
  readonly weights: readonly (number | undefined)[];
  readonly strategy: CreateStrategy;
  readonly sticky: Sticky | null;
  /** Children that are down are left out, and parents hear of this service's health. */
  readonly checked: boolean;
}

/**
 * Gives requests to services. Throws where it is checked and a child has no health.
 * Source: Traefik's pkg/server/service/service.go (getWRRServiceHandler, getHRWServiceHandler).
 */
export function balancedServices(
  { name, services }: HttpServiceContext,
  { weights, strategy, sticky, checked }: BalancedServicesOptions,
): HttpService {
  // Before anything subscribes: a service that isn't built must leave nothing behind.
  const healths = checked
    ? services.map((child) => healthOfChild(child.health, child.name, name))
    : null;
  const members = services.map((child, i) => ({
    name: child.name,
    handler: child.handler,
    weight: weights[i] ?? 1,
    up: true,
  }));
  const balancer = new Balancer(members, strategy, sticky);
  const { handler } = balancer;
  if (healths === null) return { handler, health: null, stop() {} };

  for (const [index, health] of healths.entries()) balancer.setUp(index, health.up);
  const own = new Health(balancer.anyUp);
  const subscriptions = healths.map((health, index) =>
    health.subscribe((up) => {
      balancer.setUp(index, up);
      own.set(balancer.anyUp);
    }),
  );
  return {
    handler,
    health: own,
    stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
    },
  };
}
