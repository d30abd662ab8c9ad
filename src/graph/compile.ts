import { Breather } from "../core/breather.ts";
import { messageOf } from "../core/errors.ts";
import type { Handler } from "../http/handler.ts";
import { LazyResponse } from "../http/lazy/lazy-response.ts";
import type { Observability } from "../http/observability.ts";
import { graphWay, routerWay, routeWay } from "../request/chain.ts";
import type { EncodedCharacters } from "../request/request-path.ts";
import type { HttpRoute } from "../routers/compiled-route.ts";
import { RuleCache } from "../routers/compiled-rule.ts";
import { HttpMux } from "../routers/http-mux.ts";
import { TlsHosts, type TlsRouter } from "../routers/tls-hosts.ts";
import type { DisabledElement, RoutedRouter, Snapshot } from "../snapshot/snapshot.ts";
import type { Graph, RunningRouter } from "./graph.ts";
import { MiddlewareBuilder } from "./middleware-builder.ts";
import { ServiceBuilder, type ServiceContext } from "./service-builder.ts";

/** What an entrypoint gives to the compiled graph. */
export interface GraphEntryPoint {
  readonly name: string;
  /** `http.encodedCharacters`, undefined where the block isn't there and everything is allowed. */
  readonly encodedCharacters: EncodedCharacters | undefined;
  /** For requests that no router takes. */
  readonly observability: Observability;
}

export interface GraphContext extends ServiceContext {
  readonly entryPoints: readonly GraphEntryPoint[];
  /** What is wrong with the TLS options of that qualified name; undefined where they can be used. */
  readonly tlsProblem: (options: string) => string | undefined;
}

const notFound: Handler = () => LazyResponse.text(404, "404 page not found\n");

/**
 * Builds everything that a snapshot describes and gives the event loop its turns meanwhile. What
 * `previous` has with the same fingerprint is kept as it is: its pools, balancers and health stay.
 * An element with errors is left out, with its reasons in `disabled`; the rest works.
 */
export async function compileGraph(
  snapshot: Snapshot,
  previous: Graph | null,
  context: GraphContext,
): Promise<Graph> {
  const breather = new Breather();
  const disabled: DisabledElement[] = [...snapshot.disabled];
  const services = new ServiceBuilder(snapshot, previous, context);
  const middlewares = new MiddlewareBuilder(snapshot);
  const rules = new RuleCache(previous?.rules);
  const routers = new Map<string, RunningRouter>();
  const routes = new Map<string, EntryPointRoutes>(
    context.entryPoints.map((entry) => [entry.name, { plain: [], tls: [] }]),
  );
  const tlsHosts = resolveTlsHosts(snapshot, context, rules, disabled);
  const entries = new Map(context.entryPoints.map((entry) => [entry.name, entry]));

  for (const [name, router] of Object.entries(snapshot.routers)) {
    const turn = breather.breathe();
    if (turn !== undefined) await turn;
    try {
      const running = await compileRouter(name, router, previous, services, middlewares, context);
      for (const entryPoint of router.entryPoints) {
        const list = routes.get(entryPoint);
        let tlsOptions: string | undefined;
        if (router.tls !== undefined) {
          const options = tlsHosts.get(entryPoint)?.resolved.get(name) ?? router.tls.options;
          // Broken options that a conflict replaces disable their router all the same, as in Traefik:
          // it was to be served with a check that isn't there.
          const problem = context.tlsProblem(router.tls.options) ?? context.tlsProblem(options);
          if (problem !== undefined) {
            disabled.push({ kind: "router", name, errors: [problem] });
            continue;
          }
          tlsOptions = options;
        }
        (router.tls === undefined ? list?.plain : list?.tls)?.push({
          name,
          rule: router.rule,
          priority: router.priority === undefined ? undefined : BigInt(router.priority),
          providerRank: router.providerRank,
          handler: routeWay(
            {
              entryPoint,
              observability: router.observability,
              internal: context.internals.has(router.service),
              observers: context.observers,
              encodedCharacters: entries.get(entryPoint)?.encodedCharacters,
              tlsOptions,
            },
            running.handler,
          ),
        });
      }
      routers.set(name, running);
    } catch (error) {
      const errors = [messageOf(error)];
      // What else is wrong with it would only show once this is put right.
      const ruleError = ruleErrorOf(router.rule, rules);
      if (ruleError !== undefined) errors.push(ruleError);
      disabled.push({ kind: "router", name, errors });
    }
  }
  // Services that no router uses are built too, so that their errors show and their health is known.
  for (const name of Object.keys(snapshot.services)) {
    const turn = breather.breathe();
    if (turn !== undefined) await turn;
    try {
      await services.get(name);
    } catch (error) {
      disabled.push({ kind: "service", name, errors: [messageOf(error)] });
    }
  }

  const entryPoints = new Map<string, Handler>();
  for (const entry of context.entryPoints) {
    const lists = routes.get(entry.name)!;
    const plain = await HttpMux.build(lists.plain, breather, rules);
    const tls = await HttpMux.build(lists.tls, breather, rules);
    for (const error of [...plain.errors, ...tls.errors]) {
      routers.delete(error.name);
      disabled.push({ kind: "router", name: error.name, errors: [error.message] });
    }
    const { name, observability } = entry;
    const unrouted = routeWay(
      { entryPoint: name, observability, internal: false, observers: context.observers },
      notFound,
    );
    // Routers with TLS never see a request that came without, nor the other way round.
    const route: Handler = (request, exchange) => {
      const { mux } = exchange.downstream.tls === null ? plain : tls;
      const handler = mux.match(request, exchange) ?? unrouted;
      return handler(request, exchange);
    };
    entryPoints.set(name, graphWay(context.logger, route));
  }
  return { snapshot, entryPoints, tlsHosts, services: services.built, routers, rules, disabled };
}

/** The routes of one entrypoint. */
interface EntryPointRoutes {
  readonly plain: HttpRoute[];
  readonly tls: HttpRoute[];
}

/** For each entrypoint: which TLS options a server name means. Conflicts between routers are noted. */
function resolveTlsHosts(
  snapshot: Snapshot,
  context: GraphContext,
  rules: RuleCache,
  disabled: DisabledElement[],
): ReadonlyMap<string, TlsHosts> {
  const lists = new Map<string, TlsRouter[]>(context.entryPoints.map(({ name }) => [name, []]));
  for (const [name, router] of Object.entries(snapshot.routers)) {
    if (router.tls === undefined) continue;
    let hosts: readonly string[];
    try {
      hosts = rules.compile(router.rule).domains;
    } catch {
      // Its error is said where it is compiled for routing.
      continue;
    }
    const { options } = router.tls;
    for (const entryPoint of router.entryPoints)
      lists.get(entryPoint)?.push({ name, hosts, options });
  }
  const resolved = new Map<string, TlsHosts>();
  for (const [entryPoint, list] of lists) {
    const hosts = new TlsHosts(list);
    resolved.set(entryPoint, hosts);
    for (const { name, message } of hosts.conflicts)
      disabled.push({ kind: "router", name, errors: [`entryPoint "${entryPoint}": ${message}`] });
  }
  return resolved;
}

function ruleErrorOf(rule: string, rules: RuleCache): string | undefined {
  try {
    rules.compile(rule);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function compileRouter(
  name: string,
  router: RoutedRouter,
  previous: Graph | null,
  services: ServiceBuilder,
  middlewares: MiddlewareBuilder,
  context: GraphContext,
): Promise<RunningRouter> {
  if (router.service === "") throw new Error("the service is missing on the router");
  const service = await services.get(router.service);
  const chain = middlewares.resolve(router.middlewares);
  const fingerprint = `${JSON.stringify(router.observability)}\n${router.rule}\n${router.service}\n${service.fingerprint}\n${chain.fingerprint}`;
  const before = previous?.routers.get(name);
  if (before?.fingerprint === fingerprint && before.service === service) return before;
  const handler = routerWay(
    {
      router: name,
      rule: router.rule,
      service: router.service,
      observability: router.observability,
      internal: context.internals.has(router.service),
      observers: context.observers,
      middlewares: chain.links,
    },
    service.service.handler,
  );
  return { fingerprint, service, handler };
}
