import { healthOfChild } from "../health/health.ts";
import { tcpBalancer } from "./tcp-balancer.ts";
import type { TcpServiceKind } from "./tcp-service.ts";

/** `weighted`: gives connections to services in turn, by weight. */
export const weighted: TcpServiceKind<"weighted"> = {
  services: ({ services = [] }) => services.map(({ name = "" }) => name),
  create({ services: options = [], healthCheck }, { name, services, logger }) {
    const checked = healthCheck !== undefined;
    // All of them first: one that has none must not leave the others with a listener.
    const healths = checked
      ? services.map((child) => healthOfChild(child.health, child.name, name))
      : [];
    const members = services.map(({ handler }, i) => ({ handler, weight: options[i].weight }));
    const balancer = tcpBalancer(name, members, checked, logger);
    const stops = healths.map((health, i) => {
      balancer.setUp(i, health.up);
      return health.subscribe((up) => balancer.setUp(i, up));
    });
    return {
      handler: balancer.handler,
      health: balancer.health,
      stop() {
        for (const stop of stops) stop();
      },
    };
  },
};
