import type { UnderscoreStrategy } from "../http/fields/trailer-rules.ts";
import type { Middleware } from "../http/handler.ts";
import { LazyRequest } from "../http/lazy/lazy-request.ts";
import { LazyResponse } from "../http/lazy/lazy-response.ts";
import {
  normalizeTarget,
  normalPathLength,
  routingPathOf,
  type TargetOptions,
} from "../http/request-target.ts";
import { HeaderList } from "../wire/header-list.ts";

/** What `entryPoints.NAME.http` says of names and paths. */
export interface RequestPathOptions extends TargetOptions {
  /** Fields with a "_" in their name are kept (the default), deleted, or the request is refused. */
  readonly underscoreHeadersStrategy?: UnderscoreStrategy;
}

/** The answer to a malformed target: Traefik's has no body. */
function badRequest(): Response {
  return new LazyResponse(400, new HeaderList(), null);
}

/** Deletes fields with a "_" in their name, or just tells that there are some. */
function hasUnderscores(list: HeaderList, remove: boolean): boolean {
  let found = false;
  for (let i = 0; i < list.slots; i++) {
    if (list.idAt(i) !== 0 || !list.nameAt(i).includes("_")) continue;
    found = true;
    if (remove) list.removeAt(i);
  }
  return found;
}

/**
 * The first link of an entrypoint's chain: judges field names and the request target, rewrites the
 * target to its normal form and notes the path that rules match in `exchange.routingPath`.
 * `exchange.target` stays as received. 400 for what is malformed.
 */
export function requestPath(options: RequestPathOptions): Middleware {
  const { underscoreHeadersStrategy: underscores = "keep", sanitizePath } = options;
  return (next) => (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    if (underscores !== "keep") {
      exchange.underscores = underscores;
      const found = hasUnderscores(lazy.headerList, underscores === "delete");
      if (found && underscores === "reject") return LazyResponse.text(400, "Bad Request\n");
    }
    const { target } = lazy;
    const length = normalPathLength(target, sanitizePath);
    if (length >= 0) {
      exchange.normalTarget = target;
      exchange.routingPath = length === target.length ? target : target.slice(0, length);
    } else if (target === "*") {
      exchange.normalTarget = target;
      exchange.routingPath = target;
    } else if (lazy.method !== "CONNECT") {
      // A CONNECT's target is an authority and has no path.
      const normal = normalizeTarget(target, options);
      if (normal === null) return badRequest();
      lazy.target = normal;
      exchange.normalTarget = normal;
      exchange.routingPath = routingPathOf(lazy.path);
    }
    return next(lazy, exchange);
  };
}
