import type { Handler } from "../../http/handler.ts";
import { Health, healthOfChild } from "../health/health.ts";
import { Balancer, toMember, weighty } from "./balancer.ts";
import type { HttpService } from "./http-service.ts";
import { Sticky, type StickyCookieOptions } from "./sticky.ts";

/** A child of a `weighted` service. */
export interface WeightedChild {
  /** As the configuration names it: sticky cookies are made from it. */
  readonly name: string;
  /** 1 where it isn't given; a child with 0 gets nothing. */
  readonly weight?: number;
  readonly handler: Handler;
  readonly health: Health | null;
}

/** A `weighted` service. */
export interface WeightedOptions {
  /** Qualified. */
  readonly name: string;
  readonly services: readonly WeightedChild[];
  readonly sticky?: { readonly cookie?: StickyCookieOptions };
  /** Present, if empty: children that are down are left out, and parents hear of this service's health. */
  readonly healthCheck?: object;
}

/**
 * Builds a `weighted` service. Rejects where healthCheck is on and a child has none.
 * Source: Traefik's pkg/server/service/service.go (getWRRServiceHandler).
 */
export async function weighted(options: WeightedOptions): Promise<HttpService> {
  const { name } = options;
  const children = weighty(options.services);
  const cookie = options.sticky?.cookie;
  const sticky =
    cookie === undefined
      ? null
      : await Sticky.create(
          cookie,
          name,
          children.map((child) => child.name),
        );
  const balancer = new Balancer(children.map(toMember), sticky);
  if (options.healthCheck === undefined) {
    return { handler: balancer.handler, health: null, stop() {} };
  }

  // Before anything subscribes: a service that isn't built must leave nothing behind.
  const healths = children.map((child) => healthOfChild(child.health, child.name, name));
  for (const [index, health] of healths.entries()) balancer.setUp(index, health.up);
  const own = new Health(balancer.anyUp);
  const subscriptions = healths.map((health, index) =>
    health.subscribe((up) => {
      balancer.setUp(index, up);
      own.set(balancer.anyUp);
    }),
  );
  return {
    handler: balancer.handler,
    health: own,
    stop() {
      for (const unsubscribe of subscriptions) unsubscribe();
    },
  };
}
