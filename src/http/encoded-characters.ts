import { HeaderList } from "../wire/header-list.ts";
import type { Handler, Middleware } from "./handler.ts";
import { LazyRequest } from "./lazy/lazy-request.ts";
import { LazyResponse } from "./lazy/lazy-response.ts";

/** `encodedCharacters` of an entrypoint, or of a middleware. */
export interface EncodedCharacters {
  readonly allowEncodedSlash: boolean;
  readonly allowEncodedBackSlash: boolean;
  readonly allowEncodedNullCharacter: boolean;
  readonly allowEncodedSemicolon: boolean;
  readonly allowEncodedPercent: boolean;
  readonly allowEncodedQuestionMark: boolean;
  readonly allowEncodedHash: boolean;
}

/**
 * Refuses paths with an encoded character that isn't allowed, with an empty 400.
 * Source: Traefik's pkg/server/router/deny.go and pkg/middlewares/encodedcharacters.
 */
export function denyEncodedCharacters(options: EncodedCharacters): Middleware {
  const denied: string[] = [];
  if (!options.allowEncodedSlash) denied.push("%2F");
  if (!options.allowEncodedBackSlash) denied.push("%5C");
  if (!options.allowEncodedNullCharacter) denied.push("%00");
  if (!options.allowEncodedSemicolon) denied.push("%3B");
  if (!options.allowEncodedPercent) denied.push("%25");
  if (!options.allowEncodedQuestionMark) denied.push("%3F");
  if (!options.allowEncodedHash) denied.push("%23");
  if (denied.length === 0) return (next) => next;

  return (next: Handler) => (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    if (lazy.target.includes("%")) {
      const path = lazy.path.toUpperCase();
      // The path is normal: every "%" begins a triplet, so a plain search can't hit half of two.
      for (const triplet of denied)
        if (path.includes(triplet)) return new LazyResponse(400, new HeaderList(), null);
    }
    return next(lazy, exchange);
  };
}
