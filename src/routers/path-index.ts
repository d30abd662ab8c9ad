import type { Exchange } from "../http/exchange.ts";
import type { LazyRequest } from "../http/lazy-request.ts";
import type { CompiledRoute } from "./compiled-route.ts";

/** Below so many routes trying them is cheaper than looking paths up. */
const WORTH_INDEXING = 8;

/**
 * Routes by the literal path prefixes that they need, so that the cost of a match goes with the
 * number of different prefix lengths and not with the number of routes.
 */
export class PathIndex {
  /** Different lengths of prefixes, ascending. */
  private readonly lengths: readonly number[];
  private readonly byPrefix: ReadonlyMap<string, readonly CompiledRoute[]>;
  /** Routes that name no prefix, or that are too few to look up. */
  private readonly others: readonly CompiledRoute[];

  /** `routes` in ascending rank. */
  constructor(routes: readonly CompiledRoute[]) {
    const byPrefix = new Map<string, CompiledRoute[]>();
    const others: CompiledRoute[] = [];
    for (const route of routes) {
      if (route.prefixes === null || routes.length < WORTH_INDEXING) {
        others.push(route);
        continue;
      }
      for (const prefix of route.prefixes) {
        const list = byPrefix.get(prefix);
        if (list === undefined) byPrefix.set(prefix, [route]);
        else list.push(route);
      }
    }
    this.byPrefix = byPrefix;
    this.others = others;
    this.lengths = [...new Set([...byPrefix.keys()].map((prefix) => prefix.length))].sort(
      (a, b) => a - b,
    );
  }

  /** The matching route of the lowest rank, where that is below the rank of `best`. */
  match(
    request: LazyRequest,
    exchange: Exchange,
    best: CompiledRoute | null,
  ): CompiledRoute | null {
    best = firstMatch(this.others, request, exchange, best);
    const { routingPath } = exchange;
    for (const length of this.lengths) {
      if (length > routingPath.length) break;
      const routes = this.byPrefix.get(
        length === routingPath.length ? routingPath : routingPath.slice(0, length),
      );
      if (routes !== undefined) best = firstMatch(routes, request, exchange, best);
    }
    return best;
  }
}

function firstMatch(
  routes: readonly CompiledRoute[],
  request: LazyRequest,
  exchange: Exchange,
  best: CompiledRoute | null,
): CompiledRoute | null {
  for (const route of routes) {
    if (best !== null && route.rank >= best.rank) return best;
    if (route.predicate(request, exchange)) return route;
  }
  return best;
}
