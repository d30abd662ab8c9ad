import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { compileGoRegexp } from "../../../rules/go-regexp.ts";
import { FieldId } from "../../../wire/field-names.ts";
import { fieldText } from "../headers/field-edits.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import {
  decodePath,
  isCanonical,
  notCanonical,
  pathOf,
  pathText,
  setPath,
  strippedPath,
  utf8Bytes,
} from "./path-rewrite.ts";

/**
 * `stripPrefixRegex`: takes what the first fitting expression matches at the path's beginning off it
 * and notes that in X-Forwarded-Prefix. Expressions look at the decoded path. 400 where what is left
 * is not a canonical path. Source: Traefik's pkg/middlewares/stripprefixregex/strip_prefix_regex.go.
 */
export const stripPrefixRegex: HttpMiddlewareKind<"stripPrefixRegex"> = {
  create(options) {
    const expressions = (options.regex ?? []).map((pattern) => compileGoRegexp(pattern.trim()));
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const path = pathOf(lazy);
        const decoded = decodePath(path);
        if (decoded === null) return notCanonical();
        const text = pathText(path);
        for (const expression of expressions) {
          const prefix = expression.find(text) ?? "";
          // An expression without "^" may match further on.
          if (prefix === "" || !text.startsWith(prefix)) continue;
          const bytes = utf8Bytes(prefix);
          if (!decoded.startsWith(bytes)) continue;
          const stripped = strippedPath(path, bytes.length);
          if (!isCanonical(stripped)) return notCanonical();
          lazy.headerList.appendId(FieldId.xForwardedPrefix, fieldText(prefix));
          setPath(lazy, stripped);
          break;
        }
        return next(lazy, exchange);
      },
    };
  },
};
