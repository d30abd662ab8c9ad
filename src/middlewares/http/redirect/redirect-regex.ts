import { httpError } from "../../../http/http-error.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { compileGoRegexp } from "../../../rules/go-regexp.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { locationOf, redirectedTarget, redirectTo } from "./redirect.ts";

/**
 * `redirectRegex`: redirects where the expression matches the whole URL (scheme, host with port,
 * path, query) and the replacement makes another one of it. 502 where that is no URL.
 * Source: Traefik's pkg/middlewares/redirect/{redirect,redirect_regex}.go.
 */
export const redirectRegex: HttpMiddlewareKind<"redirectRegex"> = {
  create(options) {
    const { replacement = "", permanent = false } = options;
    const expression = compileGoRegexp(options.regex ?? "");
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const secure = lazy.scheme === "https" || exchange.downstream.tls !== null;
        const before = `${secure ? "https" : "http"}://${lazy.host}${redirectedTarget(lazy, exchange)}`;
        if (expression.test(before)) {
          const after = expression.replace(before, replacement);
          if (after !== before) {
            const location = locationOf(after);
            return location === null
              ? httpError(502)
              : redirectTo(location, lazy.method, permanent);
          }
        }
        return next(lazy, exchange);
      },
    };
  },
};
