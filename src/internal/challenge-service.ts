import type { Handler } from "../http/handler.ts";
import { LazyResponse } from "../http/lazy/lazy-response.ts";
import { HeaderList } from "../wire/header-list.ts";
import type { AskControl } from "./control-request.ts";
import { controlService } from "./control-service.ts";

/** A path with what may be a token (RFC 8555 section 8.3). */
const CHALLENGE = /\/\.well-known\/acme-challenge\/[A-Za-z0-9_-]{1,256}$/;

/**
 * `acme-http@internal`: answers an authority that looks for HTTP-01, in every worker. The control
 * plane knows what; what can't be a token it isn't asked for.
 */
export function challengeService(ask: AskControl): Handler {
  const known = controlService(ask, "acme-http");
  return (request, exchange) => {
    if (CHALLENGE.test(request.url)) return known(request, exchange);
    return new LazyResponse(404, new HeaderList(), null);
  };
}
