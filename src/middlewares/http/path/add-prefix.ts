import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { ensureLeadingSlash, escapePath, pathOf, setPath } from "./path-rewrite.ts";

/** `addPrefix`: puts a prefix before the path. Source: Traefik's pkg/middlewares/addprefix/add_prefix.go. */
export const addPrefix: HttpMiddlewareKind<"addPrefix"> = {
  create({ prefix = "" }) {
    if (prefix === "") throw new Error("addPrefix: prefix cannot be empty");
    const before = ensureLeadingSlash(escapePath(prefix));
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        setPath(lazy, before + pathOf(lazy));
        return next(lazy, exchange);
      },
    };
  },
};
