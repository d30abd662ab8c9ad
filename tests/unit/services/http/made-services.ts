import type { z } from "zod";
import type {
  loadBalancerSchema,
  serviceSchema,
} from "../../../../src/config/dynamic/http-services.ts";
import { loadBalancerSchema as schema } from "../../../../src/config/dynamic/http-services.ts";
import { LocalCounters } from "../../../../src/core/counters/counters.ts";
import type { Logger } from "../../../../src/core/logger.ts";
import { Deadlines } from "../../../../src/core/timers.ts";
import type { Handler } from "../../../../src/http/handler.ts";
import { HealthVerdicts } from "../../../../src/services/health/health-verdicts.ts";
import type {
  HttpService,
  HttpServiceChild,
  HttpServiceContext,
} from "../../../../src/services/http/http-service.ts";
import { loadBalancer } from "../../../../src/services/http/kinds/load-balancer.ts";
import { silentLogger } from "../../core/silent-logger.ts";

type LoadBalancerInput = z.input<typeof loadBalancerSchema>;

export type ServiceInput = z.input<typeof serviceSchema>;

/** What a service may use, with nothing behind it but what a test gives. */
export function serviceContext(given: Partial<HttpServiceContext> = {}): HttpServiceContext {
  return {
    name: "s@file",
    provider: "file",
    logger: silentLogger(),
    deadlines: new Deadlines(),
    counters: new LocalCounters(),
    verdicts: new HealthVerdicts(),
    services: [],
    transport: async () => null,
    server: ({ url }) => {
      throw new Error(`the test has no server ${url}`);
    },
    upstream: ({ url }) => {
      throw new Error(`the test has no server ${url}`);
    },
    answer: (handler) => handler,
    module: (path) => {
      throw new Error(`the test has no module ${path}`);
    },
    instances: async () => undefined,
    ...given,
  };
}

export interface GivenServer {
  readonly url: string;
  readonly weight?: number;
  readonly handler: Handler;
}

/** A loadBalancer whose servers are handlers. */
export async function makeLoadBalancer(
  options: Omit<LoadBalancerInput, "servers">,
  servers: readonly GivenServer[],
  given: {
    readonly name?: string;
    readonly logger?: Logger;
    readonly verdicts?: HealthVerdicts;
  } = {},
): Promise<HttpService> {
  const context = serviceContext({
    name: given.name ?? "s@file",
    logger: given.logger ?? silentLogger(),
    server: ({ url }) => servers.find((server) => server.url === url)!.handler,
    ...(given.verdicts === undefined ? {} : { verdicts: given.verdicts }),
  });
  const parsed = schema.parse({
    ...options,
    servers: servers.map(({ url, weight }) => (weight === undefined ? { url } : { url, weight })),
  });
  return loadBalancer.create(parsed, context, { fingerprint: null, transport: null });
}

/** A child of a service of services. */
export type GivenChild = HttpServiceChild & { readonly weight?: number };
