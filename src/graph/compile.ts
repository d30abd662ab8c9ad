import { Breather } from "../core/loop/breather.ts";
import type { Handler } from "../http/handler.ts";
import { RuleCache } from "../routers/compiled-rule.ts";
import { TlsHosts, type TlsRouter } from "../routers/tls-hosts.ts";
import type { DisabledElement, Snapshot } from "../snapshot/snapshot.ts";
import { buildAll } from "./build-all.ts";
import { type Running, reachable, retainAll } from "./element-builder.ts";
import { configuredNames, failuresOf, leftOutRouters } from "./failures.ts";
import type { Graph } from "./graph.ts";
import {
  type EntryPointContext,
  entryPointHandler,
  type GraphEntryPoint,
} from "./http/http-entry-points.ts";
import { HttpMiddlewares, type MiddlewareContext } from "./http/http-middlewares.ts";
import { type HttpRouter, httpRouters, type RouterContext } from "./http/http-routers.ts";
import { httpServices } from "./http/http-services.ts";

export interface GraphContext extends MiddlewareContext, RouterContext, EntryPointContext {
  readonly entryPoints: readonly GraphEntryPoint[];
}

/** Those that this graph, or the one of TCP or UDP, builds and says what became of. */
const BUILT: ReadonlySet<DisabledElement["kind"]> = new Set<DisabledElement["kind"]>([
  "router",
  "middleware",
  "service",
  "tcpRouter",
  "tcpMiddleware",
  "tcpService",
  "udpRouter",
  "udpService",
]);

/**
 * Builds everything that a snapshot describes and gives the event loop its turns meanwhile. What
 * `previous` has and didn't change is kept as it is: its pools, balancers and health stay. An
 * element that has an error now goes on as it last worked; one that never worked is left out. Both
 * are in `disabled` with their reasons, and the rest works.
 */
export async function compileGraph(
  snapshot: Snapshot,
  previous: Graph | null,
  context: GraphContext,
): Promise<Graph> {
  const breather = new Breather();
  const rules = new RuleCache(previous?.rules);
  const services = httpServices(
    snapshot,
    previous?.services ?? new Map(),
    context,
    () => middlewares,
  );
  const middlewares: HttpMiddlewares = new HttpMiddlewares(
    snapshot,
    previous?.middlewares ?? new Map(),
    services,
    context,
  );
  const before = previous?.routers ?? new Map();
  const leftOut = leftOutRouters(before, snapshot.routers, snapshot.disabled);
  const parts = { services, middlewares, rules, leftOut };
  const routers = httpRouters(snapshot, before, parts, context);
  await buildAll(routers, [...Object.keys(snapshot.routers), ...leftOut.keys()], breather);
  // Those that no router uses are built too, so that their errors show and their health is known.
  const names = configuredNames("service", snapshot.services, snapshot.disabled);
  await buildAll(services, names, breather);
  await middlewares.buildUnused(breather);

  const served = new Map(routers.running);
  const tls = resolveTls([...served.values()], context, rules);
  for (const name of tls.refused) served.delete(name);
  const entryPoints = new Map<string, Handler>();
  for (const entryPoint of context.entryPoints) {
    const hosts = tls.hosts.get(entryPoint.name)!;
    const here = [...served.values()];
    const handler = await entryPointHandler(entryPoint, here, hosts, rules, context, breather);
    entryPoints.set(entryPoint.name, handler);
  }

  const elements = reachable([
    ...services.running.values(),
    ...middlewares.builder.running.values(),
    ...routers.running.values(),
  ]);
  retainAll(elements);
  const { disabled } = snapshot;
  return {
    snapshot,
    entryPoints,
    tlsHosts: tls.hosts,
    services: services.running,
    middlewares: middlewares.builder.running,
    routers: routers.running,
    routerCount: served.size,
    elements,
    rules,
    disabled: [
      ...disabled.filter(({ kind }) => !BUILT.has(kind)),
      ...failuresOf("router", routers, disabled, leftOut),
      ...tls.problems,
      ...failuresOf("middleware", middlewares.builder, disabled),
      ...failuresOf("service", services, disabled),
    ],
  };
}

interface ResolvedTls {
  readonly hosts: ReadonlyMap<string, TlsHosts>;
  readonly problems: readonly DisabledElement[];
  /** Routers that must not be served. */
  readonly refused: ReadonlySet<string>;
}

/**
 * For each entrypoint: which TLS options a server name means. Routers whose options can't be used
 * are refused; others may have problems as well.
 */
function resolveTls(
  routers: readonly Running<HttpRouter>[],
  context: GraphContext,
  rules: RuleCache,
): ResolvedTls {
  const lists = new Map<string, TlsRouter[]>(context.entryPoints.map(({ name }) => [name, []]));
  for (const { name, value } of routers) {
    const { tls, rule, entryPoints } = value.router;
    if (tls === undefined) continue;
    const { domains: hosts } = rules.compile(rule);
    for (const entryPoint of entryPoints)
      lists.get(entryPoint)?.push({ name, hosts, options: tls.options });
  }
  const hosts = new Map<string, TlsHosts>();
  const problems: DisabledElement[] = [];
  const refused = new Set<string>();
  for (const [entryPoint, list] of lists) {
    const resolved = new TlsHosts(list, context.clientDemands);
    hosts.set(entryPoint, resolved);
    for (const { name, message, refused: lost } of resolved.conflicts) {
      problems.push({ kind: "router", name, errors: [`entryPoint "${entryPoint}": ${message}`] });
      if (lost) refused.add(name);
    }
    for (const { name, options } of list) {
      // Broken options that a conflict replaces disable their router all the same, as in Traefik:
      // it was to be served with a check that isn't there.
      const used = resolved.resolved.get(name) ?? options;
      const problem = context.tlsProblem(options) ?? context.tlsProblem(used);
      if (problem === undefined || refused.has(name)) continue;
      refused.add(name);
      problems.push({ kind: "router", name, errors: [problem] });
    }
  }
  return { hosts, problems, refused };
}
