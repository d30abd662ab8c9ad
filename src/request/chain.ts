import { denyEncodedCharacters, type EncodedCharacters } from "../http/encoded-characters.ts";
import type { Handler, Middleware } from "../http/handler.ts";
import { DEFAULT_OBSERVABILITY, type Observability } from "../http/observability.ts";
import type {
  EntryPointPlace,
  Observer,
  RouterPlace,
  ServicePlace,
} from "../telemetry/observer.ts";
import { type ForwardedHeadersOptions, forwardedHeaders } from "./forwarded-headers.ts";
import { type RecoveryLogger, recovery } from "./recovery.ts";
import { requestDecorator } from "./request-decorator.ts";
import { type RequestPathOptions, requestPath } from "./request-path.ts";
import { sniCheck } from "./sni-check.ts";

/*
 * A request's way, the whole of it, outermost link first. The server and the embedded pipeline both
 * build it with the functions of this file, one for each part that lives equally long:
 *
 *   entrypoint  Alt-Svc, path, forwarded headers                        as long as the process
 *   graph       request decorator, recovery, then the mux               one for each configuration
 *   route       observers of the entrypoint, SNI check, encoded         for each router on an entrypoint
 *               characters
 *   router      router's name, observers of the router, middlewares     as long as the router is unchanged
 *   service     balancing, then observers of the service, then the      as long as the service is unchanged
 *               server
 *
 * Observers of the entrypoint stand behind the mux, as in Traefik (pkg/server/router/router.go,
 * BuildEPChain): which of them a request has is decided by its router, and so when the graph is
 * compiled. The links before them leave alone what they note of a request's beginning.
 */

export interface EntryPointWay {
  readonly path: RequestPathOptions;
  readonly forwardedHeaders: ForwardedHeadersOptions;
  /** Sets Alt-Svc; not given where there is no HTTP/3. */
  readonly advertise?: Middleware;
}

/** From the connection to the switch. `current` asks the present graph. */
export function entryPointWay(way: EntryPointWay, current: Handler): Handler {
  return fold(
    [way.advertise, requestPath(way.path), forwardedHeaders(way.forwardedHeaders)],
    current,
  );
}

/** From the switch to the mux. */
export function graphWay(logger: RecoveryLogger, mux: Handler): Handler {
  return fold([requestDecorator(), recovery(logger)], mux);
}

export interface RouteWay extends EntryPointPlace {
  readonly observers: readonly Observer[];
  /** `http.encodedCharacters` of the entrypoint; undefined where everything is allowed. */
  readonly encodedCharacters?: EncodedCharacters | undefined;
  /** The TLS options that the handshake must have gone by; undefined for a route without TLS. */
  readonly tlsOptions?: string | undefined;
}

/** From the mux to the router, or to the handler that answers 404. */
export function routeWay(way: RouteWay, router: Handler): Handler {
  return fold(
    [
      ...way.observers.map((observer) => observer.entryPoint?.(way)),
      way.tlsOptions === undefined ? null : sniCheck(way.tlsOptions),
      way.encodedCharacters === undefined ? null : denyEncodedCharacters(way.encodedCharacters),
    ],
    router,
  );
}

export interface RouterWay extends RouterPlace {
  readonly observers: readonly Observer[];
  /** The router's, outermost first. */
  readonly middlewares: readonly Middleware[];
}

/** From the router to its service. */
export function routerWay(way: RouterWay, service: Handler): Handler {
  return fold(
    [
      routed(way.router, serviceObservability(way)),
      ...way.observers.map((observer) => observer.router?.(way)),
      ...way.middlewares,
    ],
    service,
  );
}

/** The last part: from a service's choice to the server, or to the service that answers by itself. */
export function serviceWay(
  observers: readonly Observer[],
  place: ServicePlace,
  server: Handler,
): Handler {
  return fold(
    observers.map((observer) => observer.service?.(place)),
    server,
  );
}

/** What has to be noted for the observers of services; null where there are none, or it is the usual. */
function serviceObservability({ observers, observability }: RouterWay): Observability | null {
  const usual = Object.entries(DEFAULT_OBSERVABILITY).every(
    ([key, value]) => observability[key as keyof Observability] === value,
  );
  return usual || observers.every((observer) => observer.service === undefined)
    ? null
    : observability;
}

/** Notes whose request it is. */
function routed(router: string, observability: Observability | null): Middleware {
  if (observability === null) {
    return (next) => (request, exchange) => {
      exchange.router = router;
      return next(request, exchange);
    };
  }
  return (next) => (request, exchange) => {
    exchange.router = router;
    exchange.observability = observability;
    return next(request, exchange);
  };
}

function fold(links: readonly (Middleware | null | undefined)[], end: Handler): Handler {
  return links.reduceRight<Handler>((next, link) => link?.(next) ?? next, end);
}
