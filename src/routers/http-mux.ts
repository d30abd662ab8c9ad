import { messageOf } from "../core/errors.ts";
import type { Exchange } from "../http/exchange.ts";
import type { Handler } from "../http/handler.ts";
import { LazyRequest } from "../http/lazy/lazy-request.ts";
import { firstLabelEnd } from "../rules/host-pattern.ts";
import { byPriority, type CompiledRoute, compileRoute, type HttpRoute } from "./compiled-route.ts";
import { RuleCache } from "./compiled-rule.ts";
import { PathIndex } from "./path-index.ts";
import type { Pause } from "./pause.ts";

/** A route that was left out. */
export interface RouteError {
  readonly name: string;
  readonly message: string;
}

/** So many routes are sorted so quickly that it needs no turn of its own. */
const SORTED_AT_ONCE = 1000;

/**
 * Finds the router for a request: the one of the highest priority whose rule matches. Rules that
 * need a certain host are looked up by it, then by their path; the answer is always that of trying
 * all rules in order.
 */
export class HttpMux {
  private readonly byHost: ReadonlyMap<string, PathIndex>;
  /** By what stands behind the host's first label. */
  private readonly byWildcard: ReadonlyMap<string, PathIndex>;
  private readonly anyHost: PathIndex;
  /** The rank of the first route whose rule looks at the host; Infinity for none. */
  private readonly firstAsking: number;

  private constructor(
    byHost: ReadonlyMap<string, PathIndex>,
    byWildcard: ReadonlyMap<string, PathIndex>,
    anyHost: PathIndex,
    firstAsking: number,
  ) {
    this.firstAsking = firstAsking;
    this.byHost = byHost;
    this.byWildcard = byWildcard;
    this.anyHost = anyHost;
  }

  /** Compiles routes, with `rules` where they are given; those with errors are left out. */
  static async build(
    routes: readonly HttpRoute[],
    pause?: Pause,
    rules: RuleCache = new RuleCache(),
  ): Promise<{ mux: HttpMux; errors: RouteError[] }> {
    const compiled: CompiledRoute[] = [];
    const errors: RouteError[] = [];
    for (const route of routes) {
      const turn = pause?.breathe();
      if (turn !== undefined) await turn;
      try {
        compiled.push(compileRoute(route, rules.compile(route.rule)));
      } catch (error) {
        errors.push({ name: route.name, message: messageOf(error) });
      }
    }
    if (pause !== undefined && compiled.length > SORTED_AT_ONCE) await pause.turn();
    compiled.sort(byPriority);
    return { mux: await HttpMux.index(compiled, pause), errors };
  }

  /** `routes` in the order of trying. */
  private static async index(routes: readonly CompiledRoute[], pause?: Pause): Promise<HttpMux> {
    const hosts = new Map<string, CompiledRoute[]>();
    const others: CompiledRoute[] = [];
    let rank = 0;
    for (const route of routes) {
      const turn = pause?.breathe();
      if (turn !== undefined) await turn;
      route.rank = rank++;
      if (route.hosts === null) others.push(route);
      for (const host of route.hosts ?? []) {
        const list = hosts.get(host);
        if (list === undefined) hosts.set(host, [route]);
        else if (list.at(-1) !== route) list.push(route);
      }
    }
    const byHost = new Map<string, PathIndex>();
    const byWildcard = new Map<string, PathIndex>();
    for (const [host, list] of hosts) {
      const index = await PathIndex.build(list, pause);
      if (host.startsWith("*")) byWildcard.set(host.slice(1), index);
      else byHost.set(host, index);
    }
    const firstAsking = routes.find(({ asksHost }) => asksHost)?.rank ?? Number.POSITIVE_INFINITY;
    return new HttpMux(byHost, byWildcard, await PathIndex.build(others, pause), firstAsking);
  }

  /** The handler of the router that the request belongs to, or null. */
  match(request: Request, exchange: Exchange): Handler | null {
    const best = this.find(LazyRequest.of(request, exchange), exchange);
    return best === null ? null : best.handler;
  }

  /**
   * `match` for a host with another name. A router that names the host that the client sent takes the
   * request at once, as does one that comes before all that look at the host; else `aliasOf` is asked, and
   * rules are tried with what it finds as well. The host of `exchange` stays.
   */
  matchAlias(
    request: Request,
    exchange: Exchange,
    aliasOf: (host: string) => string | Promise<string>,
  ): Handler | null | Promise<Handler | null> {
    const lazy = LazyRequest.of(request, exchange);
    const best = this.find(lazy, exchange);
    if (best !== null && (best.hosts !== null || best.rank <= this.firstAsking))
      return best.handler;
    if (this.firstAsking === Number.POSITIVE_INFINITY) return null;
    const { routingHost } = exchange;
    const withAlias = (alias: string): Handler | null => {
      if (alias === routingHost) return best?.handler ?? null;
      exchange.routingHost = alias;
      const other = this.find(lazy, exchange);
      exchange.routingHost = routingHost;
      if (other === null) return best?.handler ?? null;
      return best === null || other.rank < best.rank ? other.handler : best.handler;
    };
    const alias = aliasOf(routingHost);
    if (typeof alias === "string") return withAlias(alias);
    exchange.retain();
    return alias.then(withAlias);
  }

  private find(lazy: LazyRequest, exchange: Exchange): CompiledRoute | null {
    const { routingHost } = exchange;
    let best: CompiledRoute | null = null;
    const named = this.byHost.get(routingHost);
    if (named !== undefined) best = named.match(lazy, exchange, best);
    if (this.byWildcard.size > 0) {
      const domain = routingHost.slice(firstLabelEnd(routingHost));
      best = this.byWildcard.get(domain)?.match(lazy, exchange, best) ?? best;
    }
    return this.anyHost.match(lazy, exchange, best);
  }
}
