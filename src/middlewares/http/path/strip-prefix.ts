import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { FieldId } from "../../../wire/field-names.ts";
import { fieldText } from "../headers/field-edits.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import {
  decodePath,
  isCanonical,
  notCanonical,
  pathOf,
  setPath,
  strippedPath,
  utf8Bytes,
} from "./path-rewrite.ts";

/**
 * `stripPrefix`: takes the first prefix that fits off the path and notes it in X-Forwarded-Prefix.
 * Prefixes are compared with the decoded path. 400 where what is left is not a canonical path.
 * Source: Traefik's pkg/middlewares/stripprefix/strip_prefix.go.
 */
export const stripPrefix: HttpMiddlewareKind<"stripPrefix"> = {
  create(options) {
    const { forceSlash = false } = options;
    const prefixes = (options.prefixes ?? []).map((prefix) => {
      const trimmed = prefix.trim();
      return { bytes: utf8Bytes(trimmed), field: fieldText(trimmed) };
    });
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const path = pathOf(lazy);
        const decoded = decodePath(path);
        if (decoded === null) return notCanonical();
        for (let i = 0; i < prefixes.length; i++) {
          const { bytes, field } = prefixes[i];
          if (!decoded.startsWith(bytes)) continue;
          const rest = strippedPath(path, bytes.length);
          const stripped = forceSlash && rest === "" ? "/" : rest;
          if (!isCanonical(stripped)) return notCanonical();
          lazy.headerList.appendId(FieldId.xForwardedPrefix, field);
          setPath(lazy, stripped);
          break;
        }
        return next(lazy, exchange);
      },
    };
  },
};
