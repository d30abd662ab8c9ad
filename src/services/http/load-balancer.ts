import type { Handler } from "../../http/handler.ts";
import { Health } from "../health/health.ts";
import { HealthCheck, type HealthCheckOptions } from "../health/health-check.ts";
import type { ProbeTransport } from "../health/http-probe.ts";
import type { ServiceLogger } from "../service-logger.ts";
import { Balancer, toMember, weighty } from "./balancer.ts";
import type { HttpService } from "./http-service.ts";
import { PassiveHealth, type PassiveHealthOptions } from "./passive-health.ts";
import { Sticky, type StickyCookieOptions } from "./sticky.ts";

export interface LoadBalancerServer {
  /** As configured: sticky cookies are made from it. */
  readonly url: string;
  /** 1 where it isn't given; a server with 0 gets nothing. */
  readonly weight?: number;
  /** What sends requests to it. */
  readonly handler: Handler;
}

/** A `loadBalancer` service. */
export interface LoadBalancerOptions {
  /** Qualified. */
  readonly name: string;
  readonly servers: readonly LoadBalancerServer[];
  readonly strategy?: string;
  readonly sticky?: { readonly cookie?: StickyCookieOptions };
  readonly healthCheck?: HealthCheckOptions;
  readonly passiveHealthCheck?: PassiveHealthOptions;
  readonly logger: ServiceLogger;
  /** Needed with `healthCheck`. */
  readonly probeTransport?: ProbeTransport;
}

/**
 * Builds a `loadBalancer` service and starts its health checks. Without servers it answers 503.
 * Rejects on options that don't work. Source: Traefik's pkg/server/service/service.go
 * (getLoadBalancerServiceHandler).
 */
export async function loadBalancer(options: LoadBalancerOptions): Promise<HttpService> {
  const { name, strategy = "", healthCheck, passiveHealthCheck, logger } = options;
  if (strategy !== "" && strategy !== "wrr") {
    throw new Error(
      `strategy: expected "wrr", found ${JSON.stringify(strategy)}, which Sluice does not support yet`,
    );
  }
  const servers = weighty(options.servers);
  const urls = servers.map((server) => server.url);
  const cookie = options.sticky?.cookie;
  const sticky = cookie === undefined ? null : await Sticky.create(cookie, name, urls);

  let balancer: Balancer;
  // Parents hear of it only where active checks are on, as in Traefik.
  const health = healthCheck === undefined ? null : new Health(servers.length > 0);
  const report = (index: number, up: boolean): void => {
    balancer.setUp(index, up);
    health?.set(balancer.anyUp);
  };
  const watchers: PassiveHealth[] = [];
  const watched = servers.map((server, index) => {
    if (passiveHealthCheck === undefined) return server;
    const watcher = new PassiveHealth(
      server.handler,
      passiveHealthCheck,
      healthCheck === undefined,
      (up) => {
        const fields = { serviceName: name, targetURL: server.url };
        if (up) logger.info("Passive health check: the server gets requests again", fields);
        else logger.warn("Passive health check: the server is down", fields);
        report(index, up);
      },
    );
    watchers.push(watcher);
    return { ...server, handler: watcher.handler };
  });
  balancer = new Balancer(watched.map(toMember), sticky);
  const checks =
    healthCheck === undefined
      ? null
      : new HealthCheck(urls, healthCheck, {
          service: name,
          logger,
          report,
          transport: options.probeTransport!,
        });

  const { handler } = balancer;
  return {
    handler: (request, exchange) => {
      exchange.service = name;
      return handler(request, exchange);
    },
    health,
    stop() {
      checks?.stop();
      for (const watcher of watchers) watcher.stop();
    },
  };
}
