import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import type { MiddlewareFactory } from "../middleware-factory.ts";
import { ensureLeadingSlash, escapePath, pathOf, setPath } from "./path-rewrite.ts";

export interface AddPrefixOptions {
  readonly prefix?: string;
}

/** `addPrefix`: puts a prefix before the path. Source: Traefik's pkg/middlewares/addprefix/add_prefix.go. */
export const addPrefix: MiddlewareFactory<AddPrefixOptions> = ({ prefix = "" }) => {
  if (prefix === "") throw new Error("addPrefix: prefix cannot be empty");
  const before = ensureLeadingSlash(escapePath(prefix));
  return (next) => (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    setPath(lazy, before + pathOf(lazy));
    return next(lazy as unknown as Request, exchange);
  };
};
