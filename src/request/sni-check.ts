import type { Middleware } from "../http/handler.ts";
import { LazyResponse } from "../http/lazy/lazy-response.ts";

/**
 * Answers 421 where the handshake went by other TLS options than the router's, because the request
 * names another host than the ClientHello did: a check of client certificates must not be bypassed
 * through a neighbour's name. Nor through a connection from before a reload that asks for them, which
 * Traefik goes on serving. Source: Traefik's pkg/middlewares/snicheck/snicheck.go.
 */
export function sniCheck(options: string): Middleware {
  return (next) => (request, exchange) => {
    const { tls, tlsOptions } = exchange.downstream;
    if (tls === null || (tlsOptions?.name === options && tlsOptions.inForce))
      return next(request, exchange);
    return LazyResponse.text(421, "Misdirected Request\n");
  };
}
