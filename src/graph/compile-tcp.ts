import { messageOf } from "../core/errors.ts";
import { compileTcp as compileRule, TcpMux, type TcpRoute } from "../routers/tcp-mux.ts";
import type { DisabledElement, RoutedTcpRouter, TcpSnapshot } from "../snapshot/snapshot.ts";
import { type RunningTcpMiddleware, TcpMiddlewareBuilder } from "./tcp-middleware-builder.ts";
import {
  type RunningTcpService,
  type TcpContext,
  TcpServiceBuilder,
} from "./tcp-service-builder.ts";

/** The TCP routers, middlewares and services of one configuration; never changed after it was built. */
export interface TcpGraph {
  /** The routers of each entrypoint: those without TLS, and those with. */
  readonly entryPoints: ReadonlyMap<string, { readonly plain: TcpMux; readonly tls: TcpMux }>;
  readonly services: ReadonlyMap<string, RunningTcpService>;
  readonly middlewares: ReadonlyMap<string, RunningTcpMiddleware>;
  readonly routerCount: number;
  /** What could not be compiled, and why. */
  readonly disabled: readonly DisabledElement[];
}

export interface TcpGraphContext extends TcpContext {
  /** Names of the entrypoints that listen for TCP. */
  readonly entryPoints: readonly string[];
  /** What is wrong with the TLS options of that qualified name; undefined where they can be used. */
  readonly tlsProblem: (options: string) => string | undefined;
}

/**
 * Builds what the TCP part of a snapshot describes; an element with errors is left out. A router
 * whose TLS options can't be used stays, so that connections for it are refused and not another
 * router's. Source: Traefik's pkg/server/router/tcp/manager.go.
 */
export async function compileTcp(
  snapshot: TcpSnapshot,
  previous: TcpGraph | null,
  context: TcpGraphContext,
): Promise<TcpGraph> {
  const disabled: DisabledElement[] = [];
  const services = new TcpServiceBuilder(snapshot, previous?.services ?? new Map(), context);
  const middlewares = new TcpMiddlewareBuilder(
    snapshot.middlewares,
    previous?.middlewares ?? new Map(),
    context.logger,
  );
  for (const [name, { message }] of middlewares.failed)
    disabled.push({ kind: "tcpMiddleware", name, errors: [message] });
  const routes = new Map(
    context.entryPoints.map((name) => [name, { plain: [] as TcpRoute[], tls: [] as TcpRoute[] }]),
  );
  let routerCount = 0;
  for (const [name, router] of Object.entries(snapshot.routers)) {
    try {
      const route = await buildRoute(name, router, services, middlewares);
      routerCount++;
      for (const entryPoint of router.entryPoints) {
        const lists = routes.get(entryPoint);
        (route.tls === null ? lists?.plain : lists?.tls)?.push(route);
      }
      const { tls } = router;
      const problem =
        tls === undefined || tls.passthrough ? undefined : context.tlsProblem(tls.options);
      if (problem !== undefined) throw new Error(problem);
    } catch (error) {
      disabled.push({ kind: "tcpRouter", name, errors: [messageOf(error)] });
    }
  }
  // Services that no router uses are built too, so that their errors show.
  for (const name of Object.keys(snapshot.services)) {
    try {
      await services.get(name);
    } catch (error) {
      disabled.push({ kind: "tcpService", name, errors: [messageOf(error)] });
    }
  }
  const entryPoints = new Map(
    [...routes].map(([name, { plain, tls }]) => [
      name,
      { plain: new TcpMux(plain), tls: new TcpMux(tls) },
    ]),
  );
  return {
    entryPoints,
    services: services.built,
    middlewares: middlewares.built,
    routerCount,
    disabled,
  };
}

async function buildRoute(
  name: string,
  router: RoutedTcpRouter,
  services: TcpServiceBuilder,
  middlewares: TcpMiddlewareBuilder,
): Promise<TcpRoute> {
  const rule = compileRule(router.rule);
  const { tls } = router;
  // Of several names Traefik looks at the first.
  if (tls === undefined && (rule.serverNames[0] ?? "*") !== "*") {
    throw new Error(
      `the rule ${router.rule} has a HostSNI matcher, but there is no TLS on the router`,
    );
  }
  const { service } = await services.get(router.service);
  const chain = router.middlewares.map((each) => middlewares.get(each, name));
  return {
    name,
    rule,
    priority: router.priority === undefined ? undefined : BigInt(router.priority),
    providerRank: router.providerRank,
    tls: tls ?? null,
    handler: chain.reduceRight((next, link) => link(next), service.handler),
  };
}
