import type { Logger } from "../../core/logger.ts";
import type { Breather } from "../../core/loop/breather.ts";
import type { EncodedCharacters } from "../../http/encoded-characters.ts";
import type { Handler } from "../../http/handler.ts";
import { LazyResponse } from "../../http/lazy/lazy-response.ts";
import type { Observability } from "../../http/observability.ts";
import { graphWay, routeWay } from "../../request/chain.ts";
import type { HttpRoute } from "../../routers/compiled-route.ts";
import type { RuleCache } from "../../routers/compiled-rule.ts";
import { HttpMux } from "../../routers/http-mux.ts";
import type { TlsHosts } from "../../routers/tls-hosts.ts";
import type { Observer } from "../../telemetry/observer.ts";
import type { Running } from "../element-builder.ts";
import type { HttpRouter } from "./http-routers.ts";

/** What an entrypoint gives to the compiled graph. */
export interface GraphEntryPoint {
  readonly name: string;
  /** `http.encodedCharacters`, undefined where the block isn't there and everything is allowed. */
  readonly encodedCharacters: EncodedCharacters | undefined;
  /** For requests that no router takes. */
  readonly observability: Observability;
}

const notFound: Handler = () => LazyResponse.text(404, "404 page not found\n");

export interface EntryPointContext {
  readonly logger: Logger;
  readonly observers: readonly Observer[];
  /** Qualified names of services of Sluice's own that only `addInternals` shows. */
  readonly internals: ReadonlySet<string>;
  /** `hostResolver.cnameFlattening`: the name that a host's CNAME records lead to. */
  readonly aliasOf?: ((host: string) => string | Promise<string>) | undefined;
}

/** What stands behind an entrypoint's switch: the mux of the routers that it has. */
export async function entryPointHandler(
  { name, encodedCharacters, observability }: GraphEntryPoint,
  routers: readonly Running<HttpRouter>[],
  tlsHosts: TlsHosts,
  rules: RuleCache,
  { logger, observers, internals, aliasOf }: EntryPointContext,
  breather: Breather,
): Promise<Handler> {
  const routes = { plain: [] as HttpRoute[], tls: [] as HttpRoute[] };
  for (const { name: routerName, value } of routers) {
    const turn = breather.breathe();
    if (turn !== undefined) await turn;
    const { router } = value;
    if (!router.entryPoints.includes(name)) continue;
    const { rule, priority, providerRank, tls } = router;
    const way = {
      entryPoint: name,
      observability: router.observability,
      internal: internals.has(router.service),
      observers,
      encodedCharacters,
      tlsOptions: tls && (tlsHosts.resolved.get(routerName) ?? tls.options),
    };
    (tls === undefined ? routes.plain : routes.tls).push({
      name: routerName,
      rule,
      priority: priority === undefined ? undefined : BigInt(priority),
      providerRank,
      handler: routeWay(way, value.handler),
    });
  }
  // Rules that can't be compiled are errors of their routers, which are not here.
  const { mux: plain } = await HttpMux.build(routes.plain, breather, rules);
  const { mux: tls } = await HttpMux.build(routes.tls, breather, rules);
  const unrouted = routeWay(
    { entryPoint: name, observability, internal: false, observers },
    notFound,
  );
  if (aliasOf !== undefined) {
    return graphWay(logger, (request, exchange) => {
      const mux = exchange.downstream.tls === null ? plain : tls;
      const found = mux.matchAlias(request, exchange, aliasOf);
      return found instanceof Promise
        ? found.then((handler) => (handler ?? unrouted)(request, exchange))
        : (found ?? unrouted)(request, exchange);
    });
  }
  // Routers with TLS never see a request that came without, nor the other way round.
  return graphWay(logger, (request, exchange) => {
    const mux = exchange.downstream.tls === null ? plain : tls;
    const handler = mux.match(request, exchange) ?? unrouted;
    return handler(request, exchange);
  });
}
