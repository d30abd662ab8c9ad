import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { pathOf, setPath, wirePath } from "./path-rewrite.ts";

/** Where the path went that was replaced. */
export const REPLACED_PATH = "X-Replaced-Path";

/**
 * `replacePath`: puts another path in the place of the request's, which goes to X-Replaced-Path.
 * Source: Traefik's pkg/middlewares/replacepath/replace_path.go; a path that can't be decoded is an
 * error of the configuration here, not of each request.
 */
export const replacePath: HttpMiddlewareKind<"replacePath"> = {
  create({ path = "" }) {
    const replacement = wirePath(path);
    if (replacement === null) {
      throw new Error(`replacePath: path: invalid percent-encoding in ${JSON.stringify(path)}`);
    }
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        lazy.headerList.append(REPLACED_PATH, pathOf(lazy));
        setPath(lazy, replacement);
        return next(lazy, exchange);
      },
    };
  },
};
