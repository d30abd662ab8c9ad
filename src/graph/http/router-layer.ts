import type { Handler } from "../../http/handler.ts";
import { LazyRequest } from "../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../http/lazy/lazy-response.ts";
import { routingPathOf } from "../../http/request-target.ts";
import { canonicalHost } from "../../request/request-decorator.ts";
import type { RuleCache } from "../../routers/compiled-rule.ts";
import { HttpMux } from "../../routers/http-mux.ts";
import type { RoutedRouter } from "../../snapshot/snapshot.ts";

/** A router below another one. */
interface Child {
  readonly name: string;
  readonly value: { readonly router: RoutedRouter; readonly handler: Handler };
}

/** Gives a request, as the parent's middlewares left it, to the child whose rule matches; 404 for none. */
export async function routerLayer(children: readonly Child[], rules: RuleCache): Promise<Handler> {
  const routes = children.map(({ name, value: { router, handler } }) => ({
    name,
    rule: router.rule,
    priority: router.priority === undefined ? undefined : BigInt(router.priority),
    providerRank: router.providerRank,
    handler,
  }));
  const { mux } = await HttpMux.build(routes, undefined, rules);
  return (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    exchange.routingPath = routingPathOf(lazy.path);
    exchange.routingHost = canonicalHost(lazy.host);
    const handler = mux.match(lazy, exchange);
    return handler === null
      ? LazyResponse.text(404, "404 page not found\n")
      : handler(lazy, exchange);
  };
}
