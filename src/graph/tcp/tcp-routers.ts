import type { ElementValue } from "../../core/element-kind.ts";
import type { RunningTcpMiddleware } from "../../middlewares/tcp/tcp-middleware.ts";
import type { TcpHandler } from "../../net/tcp-handler.ts";
import { compileTcp as compileRule, type TcpRoute } from "../../routers/tcp-mux.ts";
import type { TcpService } from "../../services/tcp/tcp-service.ts";
import type { DisabledElement, RoutedTcpRouter, TcpSnapshot } from "../../snapshot/snapshot.ts";
import { Attempts } from "../attempts.ts";
import { ElementBuilder, type Plan, type Running } from "../element-builder.ts";
import { missing } from "../missing.ts";
import type { TcpMiddlewares } from "./tcp-middlewares.ts";

/** A TCP router that runs. */
export interface TcpRouter extends ElementValue {
  readonly router: RoutedTcpRouter;
  readonly rule: TcpRoute["rule"];
  readonly handler: TcpHandler;
}

export interface TcpRouterContext {
  /** What is wrong with the TLS options of that qualified name; undefined where they can be used. */
  readonly tlsProblem: (options: string) => string | undefined;
}

/** What the TCP routers of a configuration are built with. */
export interface TcpRouterParts {
  readonly services: ElementBuilder<TcpService>;
  readonly middlewares: TcpMiddlewares;
}

/** What is wrong with a router's TLS options; undefined where it needs none of them. */
export function tlsProblem(
  { tls }: RoutedTcpRouter,
  context: TcpRouterContext,
): string | undefined {
  return tls === undefined || tls.passthrough ? undefined : context.tlsProblem(tls.options);
}

/** Builds the TCP routers of a snapshot. All that is wrong with one is said at once. */
export function tcpRouters(
  snapshot: TcpSnapshot,
  left: readonly DisabledElement[],
  previous: ReadonlyMap<string, Running<TcpRouter>>,
  { services, middlewares }: TcpRouterParts,
  context: TcpRouterContext,
): ElementBuilder<TcpRouter> {
  const plan = async (name: string): Promise<Plan<TcpRouter>> => {
    const router = snapshot.routers[name];
    if (router === undefined) throw missing(left, "tcpRouter", "TCP router", name);
    const attempts = new Attempts();
    const rule = await attempts.part(() => ruleOf(router));
    const service = await attempts.part(() => services.get(router.service));
    const chain: Running<RunningTcpMiddleware>[] = [];
    for (const each of router.middlewares) {
      const middleware = await attempts.part(() => middlewares.get(each, name));
      if (middleware !== undefined) chain.push(middleware);
    }
    const before = previous.get(name)?.value.router;
    const problem = tlsProblem(router, context);
    // Without options that worked before it stays, and its connections are refused.
    if (problem !== undefined && before !== undefined && tlsProblem(before, context) === undefined)
      attempts.add(problem);
    attempts.check();
    return {
      fingerprint: router,
      children: [service!, ...chain],
      held: [],
      create: () => ({
        router,
        rule: rule!,
        handler: chain.reduceRight(
          (next, { value }) => value.middleware(next),
          service!.value.handler,
        ),
      }),
    };
  };
  return new ElementBuilder<TcpRouter>({ kind: "TCP router", previous, plan });
}

function ruleOf({ rule: text, tls }: RoutedTcpRouter): TcpRoute["rule"] {
  const rule = compileRule(text);
  // Of several names Traefik looks at the first.
  if (tls === undefined && (rule.serverNames[0] ?? "*") !== "*") {
    throw new Error(`the rule ${text} has a HostSNI matcher, but there is no TLS on the router`);
  }
  return rule;
}
