import { type Middleware, whenResponse } from "../http/handler.ts";
import { LazyResponse } from "../http/lazy/lazy-response.ts";

/** How long a client may keep to the advertisement, in seconds: Traefik's (quic-go's) 30 days. */
const MAX_AGE = 2_592_000;

/** The value of Alt-Svc that advertises HTTP/3 on a UDP port of the same host (RFC 7838, RFC 9114 section 3.1.1). */
export function http3Advertisement(port: number): string {
  return `h3=":${port}"; ma=${MAX_AGE}`;
}

/**
 * Sets Alt-Svc in responses to requests over TLS; what a backend says of it gives way. `valueFor`
 * says what, by the TLS options of the connection, or null for nothing. Source: Traefik's
 * pkg/server/server_entrypoint_tcp_http3.go.
 */
export function altSvc(valueFor: (tlsOptions: string) => string | null): Middleware {
  return (next) => (request, exchange) => {
    const response = next(request, exchange);
    const { tlsOptions } = exchange.downstream;
    const value = tlsOptions === null ? null : valueFor(tlsOptions.name);
    if (value === null) return response;
    return whenResponse(response, exchange, (result) => {
      const lazy = LazyResponse.of(result);
      lazy.headerList.set("Alt-Svc", value);
      return lazy;
    });
  };
}
