import { validateDynamic } from "../config/dynamic/validate.ts";
import type { ConfigIssue } from "../config/sources/document.ts";
import { LocalCounters } from "../core/counters/counters.ts";
import type { Logger } from "../core/logger.ts";
import { Deadlines } from "../core/timers.ts";
import { compileGraph, type GraphContext } from "../graph/compile.ts";
import { NO_CODECS, NO_FILES } from "../graph/http/http-middlewares.ts";
import { ActiveChecks } from "../health/active-checks.ts";
import { type Downstream, Exchange, NO_DOWNSTREAM } from "../http/exchange.ts";
import type { Handler } from "../http/handler.ts";
import { LazyRequest } from "../http/lazy/lazy-request.ts";
import { LazyResponse } from "../http/lazy/lazy-response.ts";
import { DEFAULT_OBSERVABILITY } from "../http/observability.ts";
import { entryPointWay } from "../request/chain.ts";
import { HealthVerdicts } from "../services/health/health-verdicts.ts";
import { fetchProxy } from "../services/http/fetch-proxy.ts";
import type { ServerAddress, Upstream } from "../services/http/server-address.ts";
import { aggregate } from "../snapshot/aggregate.ts";
import type { DisabledElement } from "../snapshot/snapshot.ts";
import { consoleLogger } from "../telemetry/console-logger.ts";
import type { Observer } from "../telemetry/observer.ts";

export interface PipelineOptions {
  /** A dynamic configuration as plain data, with Traefik's keys. */
  readonly configuration: unknown;
  /** Warnings and errors go to the console without one. */
  readonly logger?: Logger;
  /** Fetch handlers for services that name a module, by the module's name as written. */
  readonly modules?: Readonly<Record<string, Handler>>;
  /** What watches requests go by: an access log, for example. */
  readonly observers?: readonly Observer[];
}

export interface Pipeline {
  /** The whole pipeline as a plain fetch handler. `peer` is the client's address where the platform tells it. */
  fetch(request: Request, peer?: { readonly ip: string; readonly port: number }): Promise<Response>;
  /** What is wrong with the configuration: elements that don't run, and what was refused. */
  readonly disabled: readonly DisabledElement[];
  readonly issues: readonly ConfigIssue[];
}

const ENTRY_POINT = "fetch";

/**
 * The request pipeline without sockets, for any platform that has the Web-standard Request, Response
 * and fetch: one entrypoint, the router, middlewares and services of a dynamic configuration.
 * Upstreams are asked through the platform's `fetch`.
 */
export async function createPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { logger = consoleLogger(), modules = {}, observers = [] } = options;
  const { configuration, issues, disabled } = validateDynamic({
    source: "pipeline",
    value: options.configuration,
    locate: () => "pipeline",
  });
  const snapshot = aggregate(
    1,
    [{ provider: "pipeline", configuration, disabled }],
    [
      {
        name: ENTRY_POINT,
        asDefault: true,
        middlewares: [],
        observability: DEFAULT_OBSERVABILITY,
      },
    ],
  );
  const verdicts = new HealthVerdicts();
  const proxyTo = ({ origin, basePath }: ServerAddress): Upstream => ({
    handler: fetchProxy(origin, basePath),
    retain() {},
  });
  const context: GraphContext = {
    logger,
    deadlines: new Deadlines(),
    counters: new LocalCounters(),
    verdicts,
    files: NO_FILES,
    codecs: NO_CODECS,
    importModule: async (path) => {
      throw new Error(`module "${path}": the pipeline has no plugins`);
    },
    observers,
    internals: new Set(),
    internalServices: new Map(),
    proxyTo,
    loadModule: async (module) => {
      const handler = Object.hasOwn(modules, module) ? modules[module] : undefined;
      if (handler === undefined)
        throw new Error(`module "${module}" was not given to the pipeline`);
      return handler;
    },
    // The pipeline's caller has the TLS.
    tlsProblem: () => undefined,
    clientDemands: () => "",
    entryPoints: [
      {
        name: ENTRY_POINT,
        encodedCharacters: undefined,
        observability: DEFAULT_OBSERVABILITY,
      },
    ],
  };
  const graph = await compileGraph(snapshot, null, context);
  const checks = new ActiveChecks({
    logger,
    verdict: (verdict) => verdicts.tell([verdict]),
    proxyTo,
  });
  await checks.follow(snapshot, graph.disabled);
  const handler = entryPointWay(
    {
      path: { sanitizePath: true },
      forwardedHeaders: { insecure: false, trustedIPs: [], connection: [], serverName: "" },
    },
    graph.entryPoints.get(ENTRY_POINT)!,
  );
  return {
    disabled: graph.disabled,
    issues,
    fetch: async (request, peer) => {
      const downstream: Downstream =
        peer === undefined
          ? NO_DOWNSTREAM
          : { ...NO_DOWNSTREAM, entryPoint: ENTRY_POINT, remote: peer };
      const exchange = new Exchange(downstream);
      const lazy = LazyRequest.of(request, exchange);
      exchange.method = lazy.method;
      exchange.target = lazy.target;
      exchange.host = lazy.host;
      const response = LazyResponse.of(await handler(lazy, exchange));
      exchange.status = response.status;
      exchange.finish();
      return response.native();
    },
  };
}
