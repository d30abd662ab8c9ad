import { httpError } from "../../../http/http-error.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { compileGoRegexp } from "../../../rules/go-regexp.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { isCanonical, notCanonical, pathOf, setPath, wirePath } from "./path-rewrite.ts";
import { REPLACED_PATH } from "./replace-path.ts";

/**
 * `replacePathRegex`: rewrites the path (as it was sent, percent-encoded) where the expression
 * matches; the old one goes to X-Replaced-Path. 500 where the new one can't be decoded, 400 where it
 * is not canonical. Source: Traefik's pkg/middlewares/replacepathregex/replace_path_regex.go.
 */
export const replacePathRegex: HttpMiddlewareKind<"replacePathRegex"> = {
  create(options) {
    const expression = compileGoRegexp((options.regex ?? "").trim());
    const replacement = (options.replacement ?? "").trim();
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const before = pathOf(lazy);
        if (expression.test(before)) {
          const after = wirePath(expression.replace(before, replacement));
          if (after === null) return httpError(500, "invalid URL escape in the replaced path");
          if (!isCanonical(after)) return notCanonical();
          lazy.headerList.append(REPLACED_PATH, before);
          setPath(lazy, after);
        }
        return next(lazy, exchange);
      },
    };
  },
};
