import type { Exchange } from "../../../http/exchange.ts";
import { httpError } from "../../../http/http-error.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { portColon } from "../../../net/host-port.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { locationOf, redirectedTarget, redirectTo } from "./redirect.ts";

function isDefaultPort(scheme: string, port: string): boolean {
  return (scheme === "http" && port === "80") || (scheme === "https" && port === "443");
}

/** The scheme that the client used, as far as X-Forwarded-Proto tells; ws and wss are http and https. */
function clientScheme(request: LazyRequest, exchange: Exchange): string {
  switch (request.headerList.first("x-forwarded-proto")?.toLowerCase()) {
    case "http":
    case "ws":
      return "http";
    case "https":
    case "wss":
      return "https";
    default:
      return request.scheme === "https" || exchange.downstream.tls !== null ? "https" : "http";
  }
}

/** Where the port's ":" stands in a host, or the host's length. */
function portAt(host: string): number {
  const colon = portColon(host);
  return colon > 0 && /^\d*$/.test(host.slice(colon + 1)) ? colon : host.length;
}

/**
 * `redirectScheme`: redirects to another scheme (and port), unless the client came by it already.
 * Source: Traefik's pkg/middlewares/redirect/{redirect,redirect_scheme}.go; unlike there, a host that
 * is an IPv6 address with a port keeps its brackets.
 */
export const redirectScheme: HttpMiddlewareKind<"redirectScheme"> = {
  create(options) {
    const { scheme = "", port = "", permanent = false } = options;
    if (scheme === "") throw new Error("redirectScheme: you must provide a target scheme");
    const newPort = port === "" || isDefaultPort(scheme, port) ? "" : `:${port}`;
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const { host } = lazy;
        const oldScheme = clientScheme(lazy, exchange);
        const colon = portAt(host);
        const oldPort = isDefaultPort(oldScheme, host.slice(colon + 1)) ? "" : host.slice(colon);
        if (oldScheme === scheme && oldPort === newPort) {
          return next(lazy, exchange);
        }
        const location = locationOf(
          `${scheme}://${host.slice(0, colon)}${newPort}${redirectedTarget(lazy, exchange)}`,
        );
        return location === null ? httpError(502) : redirectTo(location, lazy.method, permanent);
      },
    };
  },
};
