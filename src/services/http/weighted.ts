import { Health, healthOfChild } from "../health/health.ts";
import { Balancer } from "./balancer.ts";
import type { HttpServiceKind } from "./http-service.ts";
import { Sticky } from "./sticky.ts";
import { wrr } from "./strategies/wrr.ts";

/**
 * `weighted`: gives requests to services in turn, by weight. With healthCheck, children that are down
 * are left out, and parents hear of this service's health; it is refused where a child has none.
 * Source: Traefik's pkg/server/service/service.go (getWRRServiceHandler).
 */
export const weighted: HttpServiceKind<"weighted"> = {
  services: ({ services = [] }) => services.map(({ name }) => name),
  async create({ services: options = [], sticky: { cookie } = {}, healthCheck }, context) {
    const { name } = context;
    const children = context.services.map((child, i) => ({ ...child, weight: options[i].weight }));
    // Before anything subscribes: a service that isn't built must leave nothing behind.
    const healths =
      healthCheck === undefined
        ? null
        : children.map((child) => healthOfChild(child.health, child.name, name));
    const names = children.map((child) => child.name);
    const sticky = cookie === undefined ? null : await Sticky.create(cookie, name, names);
    const members = children.map(({ weight = 1, ...child }) => ({ ...child, weight, up: true }));
    const balancer = new Balancer(members, wrr, sticky);
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
  },
};
