import type { RunningTcpMiddleware } from "../middlewares/tcp/tcp-middleware.ts";
import { TcpMux, type TcpRoute } from "../routers/tcp-mux.ts";
import type { TcpService } from "../services/tcp/tcp-service.ts";
import type { DisabledElement, TcpSnapshot } from "../snapshot/snapshot.ts";
import { buildAll } from "./build-all.ts";
import { type Running, reachable } from "./element-builder.ts";
import { configuredNames, failuresOf } from "./failures.ts";
import { TcpMiddlewares } from "./tcp/tcp-middlewares.ts";
import {
  type TcpRouter,
  type TcpRouterContext,
  tcpRouters,
  tlsProblem,
} from "./tcp/tcp-routers.ts";
import { type TcpContext, tcpServices } from "./tcp/tcp-services.ts";

/** The TCP routers, middlewares and services of one configuration; never changed after it was built. */
export interface TcpGraph {
  /** The routers of each entrypoint: those without TLS, and those with. */
  readonly entryPoints: ReadonlyMap<string, { readonly plain: TcpMux; readonly tls: TcpMux }>;
  readonly services: ReadonlyMap<string, Running<TcpService>>;
  readonly middlewares: ReadonlyMap<string, Running<RunningTcpMiddleware>>;
  readonly routers: ReadonlyMap<string, Running<TcpRouter>>;
  /** How many routers there are that work. */
  readonly routerCount: number;
  /** All that runs, by name or not. */
  readonly elements: ReadonlySet<Running>;
  /** What has errors, and is not among what the snapshot says of it. */
  readonly disabled: readonly DisabledElement[];
}

export interface TcpGraphContext extends TcpContext, TcpRouterContext {
  /** Names of the entrypoints that listen for TCP. */
  readonly entryPoints: readonly string[];
}

/**
 * Builds what the TCP part of a snapshot describes. An element that has an error now goes on as it
 * last worked; one that never worked is left out. A router whose TLS options can't be used stays, so
 * that connections for it are refused and not another router's.
 * Source: Traefik's pkg/server/router/tcp/manager.go.
 */
export async function compileTcp(
  snapshot: TcpSnapshot,
  left: readonly DisabledElement[],
  previous: TcpGraph | null,
  context: TcpGraphContext,
): Promise<TcpGraph> {
  const services = tcpServices(snapshot, left, previous?.services ?? new Map(), context);
  const before = previous?.middlewares ?? new Map();
  const middlewares = new TcpMiddlewares(snapshot, left, before, context);
  const parts = { services, middlewares };
  const routers = tcpRouters(snapshot, left, previous?.routers ?? new Map(), parts, context);
  await buildAll(routers, configuredNames("tcpRouter", snapshot.routers, left));
  // Those that no router uses are built too, so that their errors show.
  await buildAll(services, configuredNames("tcpService", snapshot.services, left));
  await middlewares.buildUnused();

  const disabled: DisabledElement[] = [];
  const routes = new Map(
    context.entryPoints.map((name) => [name, { plain: [] as TcpRoute[], tls: [] as TcpRoute[] }]),
  );
  for (const { name, value } of routers.running.values()) {
    const { router, rule, handler } = value;
    const { tls = null, providerRank } = router;
    const priority = router.priority === undefined ? undefined : BigInt(router.priority);
    const route: TcpRoute = { name, rule, priority, providerRank, tls, handler };
    for (const entryPoint of router.entryPoints) {
      const lists = routes.get(entryPoint);
      (tls === null ? lists?.plain : lists?.tls)?.push(route);
    }
    const problem = tlsProblem(router, context);
    if (problem !== undefined) disabled.push({ kind: "tcpRouter", name, errors: [problem] });
  }
  const entryPoints = new Map(
    [...routes].map(([name, { plain, tls }]) => [
      name,
      { plain: new TcpMux(plain), tls: new TcpMux(tls) },
    ]),
  );
  const elements = reachable([
    ...services.running.values(),
    ...middlewares.builder.running.values(),
    ...routers.running.values(),
  ]);
  return {
    entryPoints,
    services: services.running,
    middlewares: middlewares.builder.running,
    routers: routers.running,
    routerCount: routers.running.size,
    elements,
    disabled: [
      ...failuresOf("tcpMiddleware", middlewares.builder, left),
      ...failuresOf("tcpRouter", routers, left),
      ...disabled,
      ...failuresOf("tcpService", services, left),
    ],
  };
}
