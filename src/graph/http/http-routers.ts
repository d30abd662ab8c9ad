import type { ElementValue } from "../../core/element-kind.ts";
import type { Handler } from "../../http/handler.ts";
import type { HttpMiddleware } from "../../middlewares/http/http-middleware.ts";
import { type RouterWay, routerWay } from "../../request/chain.ts";
import type { RuleCache } from "../../routers/compiled-rule.ts";
import type { ClientDemands } from "../../routers/tls-hosts.ts";
import type { RoutedRouter, Snapshot } from "../../snapshot/snapshot.ts";
import type { Observer } from "../../telemetry/observer.ts";
import { Attempts } from "../attempts.ts";
import { type BuildPath, ElementBuilder, type Plan, type Running } from "../element-builder.ts";
import { missing } from "../missing.ts";
import type { HttpMiddlewares } from "./http-middlewares.ts";
import type { HttpServices } from "./http-services.ts";
import { routerLayer } from "./router-layer.ts";

/** A router that runs. */
export interface HttpRouter extends ElementValue {
  readonly router: RoutedRouter;
  readonly handler: Handler;
}

export interface RouterContext {
  readonly observers: readonly Observer[];
  readonly internals: ReadonlySet<string>;
  /** What is wrong with the TLS options of that qualified name; undefined where they can be used. */
  readonly tlsProblem: (options: string) => string | undefined;
  readonly clientDemands: ClientDemands;
}

/** What the routers of a configuration are built with. */
export interface RouterParts {
  readonly services: HttpServices;
  readonly middlewares: HttpMiddlewares;
  readonly rules: RuleCache;
  /** Routers of before whose configuration was left out, with the names that they are configured by. */
  readonly leftOut: ReadonlyMap<string, string>;
}

/** Builds the HTTP routers of a snapshot. All that is wrong with one is said at once. */
export function httpRouters(
  snapshot: Snapshot,
  previous: ReadonlyMap<string, Running<HttpRouter>>,
  { services, middlewares, rules, leftOut }: RouterParts,
  context: RouterContext,
): ElementBuilder<HttpRouter> {
  const plan = async (name: string, path: BuildPath): Promise<Plan<HttpRouter>> => {
    const router = snapshot.routers[name];
    if (router === undefined)
      throw missing(snapshot.disabled, "router", "router", leftOut.get(name) ?? name);
    const attempts = new Attempts();
    const children = await childrenOf(router, path);
    const service =
      router.children !== undefined
        ? undefined
        : (services.known(router.service) ??
          (await attempts.part(() => {
            if (router.service === "") throw new Error("the service is missing on the router");
            return services.get(router.service, path);
          })));
    const chain: Running<HttpMiddleware>[] = [];
    for (const each of router.middlewares) {
      const middleware =
        middlewares.known(each, name) ??
        (await attempts.part(() => middlewares.get(each, name, path)));
      if (middleware !== undefined) chain.push(middleware);
    }
    attempts.now(() => rules.compile(router.rule));
    const before = previous.get(name)?.value.router.tls;
    const problem = router.tls && context.tlsProblem(router.tls.options);
    // Without options that worked before it is disabled later: no other router must get its requests.
    if (problem !== undefined && before !== undefined && !context.tlsProblem(before.options))
      attempts.add(problem);
    attempts.check();
    return {
      fingerprint: router,
      children: [...(service === undefined ? children : [service]), ...chain],
      held: [],
      create: async () => {
        const { rule, service: serviceName, observability } = router;
        const way: RouterWay = {
          router: name,
          rule,
          service: serviceName,
          observability,
          internal: context.internals.has(serviceName),
          // The child that takes a request is the one that is observed.
          observers: service === undefined ? [] : context.observers,
          middlewares: chain.map(({ value }) => value.middleware),
        };
        const next = service?.value.handler ?? (await routerLayer(children, rules));
        return { router, handler: routerWay(way, next) };
      },
    };
  };
  /** Those that work: what is wrong with the others is theirs. */
  const childrenOf = async (router: RoutedRouter, path: BuildPath) => {
    const children: Running<HttpRouter>[] = [];
    for (const child of router.children ?? []) {
      const running =
        builder.known(child) ?? (await builder.get(child, path).catch(() => undefined));
      if (running !== undefined) children.push(running);
    }
    return children;
  };
  const builder: ElementBuilder<HttpRouter> = new ElementBuilder<HttpRouter>({
    kind: "router",
    previous,
    plan,
  });
  return builder;
}
