import type { ElementInputs } from "../../../core/element-kind.ts";
import { now } from "../../../core/timers.ts";
import { Health } from "../../health/health.ts";
import { probeTargets } from "../../health/health-targets.ts";
import type { Draining } from "../../health/health-verdicts.ts";
import { Balancer } from "../balancer.ts";
import { type HttpServiceKind, named, type ServiceTransport } from "../http-service.ts";
import { PassiveHealth } from "../passive-health.ts";
import { serverAddress } from "../server-address.ts";
import { Sticky } from "../sticky.ts";
import { hashKey } from "../strategies/hash-key.ts";
import { hrwBy } from "../strategies/hrw.ts";
import { slowStart } from "../strategies/slow-start.ts";
import { STRATEGIES } from "../strategies/table.ts";

interface Inputs extends ElementInputs {
  readonly transport: ServiceTransport | null;
}

/**
 * `loadBalancer`: gives requests to servers that are well. Without servers it answers 503.
 * Source: Traefik's pkg/server/service/service.go (getLoadBalancerServiceHandler).
 */
export const loadBalancer: HttpServiceKind<"loadBalancer", Inputs> = {
  async inputs({ serversTransport = "" }, context) {
    const transport = await context.transport(serversTransport);
    return { fingerprint: transport?.id, transport };
  },
  async create(options, context, { transport: numbered }) {
    const { name, logger } = context;
    const { healthCheck, passiveHealthCheck } = options;
    if (options.hash !== undefined && options.strategy !== "hrw")
      throw new Error(`hash: it is for the strategy hrw, found "${options.strategy || "wrr"}"`);
    const strategy =
      options.hash === undefined
        ? STRATEGIES[options.strategy || "wrr"]
        : hrwBy(hashKey(options.hash));
    const transport = numbered?.transport ?? null;
    const servers = (options.servers ?? []).map((server) => ({
      address: serverAddress(server, options.passHostHeader, transport),
      weight: server.weight ?? 1,
    }));
    const urls = servers.map(({ address }) => address.url);
    const cookie = options.sticky?.cookie;
    const sticky = cookie === undefined ? null : await Sticky.create(cookie, name, urls);

    if (options.slowStart && options.strategy === "hrw")
      throw new Error("slowStart: clients of the strategy hrw have one server each, new or not");
    const { ages } = context.verdicts;
    const since = options.slowStart ? ages.begin(name, urls, now()) : null;
    const createStrategy =
      since === null ? strategy : slowStart(strategy, { duration: options.slowStart!, since });

    let balancer: Balancer;
    let health: Health | null = null;
    const report = (index: number, up: boolean): void => {
      balancer.setUp(index, up);
      health?.set(balancer.anyUp);
    };
    const watchers: PassiveHealth[] = [];
    const members = servers.map(({ address, weight }, index) => {
      let handler = context.server(address);
      if (passiveHealthCheck !== undefined) {
        const recovers = healthCheck === undefined;
        const watcher = new PassiveHealth(handler, passiveHealthCheck, recovers, (up) => {
          const fields = { serviceName: name, targetURL: address.url };
          if (up) logger.info("Passive health check: the server gets requests again", fields);
          else logger.warn("Passive health check: the server is down", fields);
          report(index, up);
        });
        watchers.push(watcher);
        handler = watcher.handler;
      }
      return { name: address.url, weight, handler, up: true };
    });
    balancer = new Balancer(members, createStrategy, sticky);
    // Parents hear of it only where active checks are on, as in Traefik.
    if (healthCheck !== undefined) health = new Health(balancer.anyUp);
    // Options that make no check are an error of the service.
    if (healthCheck !== undefined) probeTargets(options.servers ?? [], healthCheck);
    const drain = (index: number, draining: Draining): void => {
      balancer.drain(index, draining);
      health?.set(balancer.anyUp);
    };
    const unwatch = context.verdicts.watch("http", name, urls, report, drain);

    return {
      handler: named(name, balancer.handler),
      health,
      stop() {
        unwatch();
        if (since !== null) ages.end(name, since);
        for (const watcher of watchers) watcher.stop();
      },
    };
  },
};
