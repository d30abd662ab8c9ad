import { messageOf } from "../core/errors.ts";
import type { Exchange } from "../http/exchange.ts";
import type { Handler } from "../http/handler.ts";
import { LazyRequest } from "../http/lazy-request.ts";
import { byPriority, type CompiledRoute, compileRoute, type HttpRoute } from "./compiled-route.ts";
import { PathIndex } from "./path-index.ts";

export type { HttpRoute } from "./compiled-route.ts";

/** A route that was left out. */
export interface RouteError {
  readonly name: string;
  readonly message: string;
}

/** Gives the event loop a turn now and then. */
export interface Pause {
  /** Undefined while it isn't time. */
  breathe(): Promise<void> | undefined;
  /** In any case. */
  turn(): Promise<void>;
}

/**
 * Finds the router for a request: the one of the highest priority whose rule matches. Rules that
 * need a certain host are looked up by it, then by their path; the answer is always that of trying
 * all rules in order.
 */
export class HttpMux {
  private readonly byHost = new Map<string, PathIndex>();
  private readonly anyHost: PathIndex;

  /** `routes` compiled; see `build`. */
  constructor(routes: readonly CompiledRoute[]) {
    const hosts = new Map<string, CompiledRoute[]>();
    const others: CompiledRoute[] = [];
    [...routes].sort(byPriority).forEach((route, rank) => {
      route.rank = rank;
      if (route.hosts === null) others.push(route);
      for (const host of route.hosts ?? []) {
        const list = hosts.get(host);
        if (list === undefined) hosts.set(host, [route]);
        else list.push(route);
      }
    });
    for (const [host, list] of hosts) this.byHost.set(host, new PathIndex(list));
    this.anyHost = new PathIndex(others);
  }

  /** Compiles routes; those with errors are left out. */
  static async build(
    routes: readonly HttpRoute[],
    pause?: Pause,
  ): Promise<{ mux: HttpMux; errors: RouteError[] }> {
    const compiled: CompiledRoute[] = [];
    const errors: RouteError[] = [];
    for (const route of routes) {
      const turn = pause?.breathe();
      if (turn !== undefined) await turn;
      try {
        compiled.push(compileRoute(route));
      } catch (error) {
        errors.push({ name: route.name, message: messageOf(error) });
      }
    }
    // Sorting and indexing ten thousand routes takes 20 ms in one go.
    if (pause !== undefined && compiled.length > 1000) await pause.turn();
    return { mux: new HttpMux(compiled), errors };
  }

  /** The handler of the router that the request belongs to, or null. */
  match(request: Request, exchange: Exchange): Handler | null {
    const lazy = LazyRequest.of(request, exchange);
    const best = this.byHost.get(exchange.routingHost)?.match(lazy, exchange, null) ?? null;
    return this.anyHost.match(lazy, exchange, best)?.handler ?? null;
  }
}
