import type { HttpServiceKind } from "../http-service.ts";
import { Sticky } from "../sticky.ts";
import { wrr } from "../strategies/wrr.ts";
import { balancedServices } from "./balanced-services.ts";

/**
 * `weighted`: gives requests to services in turn, by weight. With healthCheck, children that are down
 * are left out, and parents hear of this service's health; it is refused where a child has none.
 */
export const weighted: HttpServiceKind<"weighted"> = {
  services: ({ services = [] }) => services.map(({ name }) => name),
  async create({ services = [], sticky: { cookie } = {}, healthCheck }, context) {
    const names = services.map(({ name }) => name);
    return balancedServices(context, {
      weights: services.map(({ weight }) => weight),
      strategy: wrr,
      sticky: cookie === undefined ? null : await Sticky.create(cookie, context.name, names),
      checked: healthCheck !== undefined,
    });
  },
};
