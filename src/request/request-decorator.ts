import type { Middleware } from "../http/handler.ts";
import { LazyRequest } from "../http/lazy/lazy-request.ts";
import { portColon, withoutBrackets } from "../net/host-port.ts";

/** The host without port and brackets: "[::1]:80" and "[::1]" are "::1", text that is neither stays. */
function withoutPort(host: string): string {
  const colon = portColon(host);
  return withoutBrackets(colon < 0 ? host : host.slice(0, colon));
}

/** True where the host is what rules match already, so that nothing has to be made of it. */
function isCanonical(host: string): boolean {
  for (let i = 0; i < host.length; i++) {
    const code = host.charCodeAt(i);
    // Upper case, ":", "[", white space, and what is not ASCII take the long way.
    if (code <= 0x20 || code >= 0x7f || code === 0x3a || (code >= 0x41 && code <= 0x5b))
      return false;
  }
  return host.charCodeAt(host.length - 1) !== 0x2e;
}

/**
 * The host that rules match: lower case, without port, brackets and one trailing dot.
 * Source: Traefik's pkg/middlewares/requestdecorator/request_decorator.go; the dot as in its Host matcher.
 */
export function canonicalHost(host: string): string {
  if (isCanonical(host)) return host;
  const bare = withoutPort(host);
  if (isCanonical(bare)) return bare;
  const name = bare.trim().toLowerCase();
  return name.endsWith(".") ? name.slice(0, -1) : name;
}

/** Hosts seen last, with their canonical forms. */
const CACHE_SIZE = 1024;
const LONGEST_CACHED = 255;
let canonical = new Map<string, string>();

function cachedCanonicalHost(host: string): string {
  const known = canonical.get(host);
  if (known !== undefined) return known;
  const made = canonicalHost(host);
  if (host.length > LONGEST_CACHED) return made;
  // A client that sends ever new names makes the cache useless, not large.
  if (canonical.size >= CACHE_SIZE) canonical = new Map();
  canonical.set(host, made);
  return made;
}

/** Notes the canonical host for the rules in `exchange.routingHost`. */
export function requestDecorator(): Middleware {
  return (next) => (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    exchange.routingHost = cachedCanonicalHost(lazy.host);
    return next(lazy, exchange);
  };
}
