import { whenResponse } from "../../../http/handler.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import { canonicalFieldName } from "../headers/field-edits.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";

/** What of a client's is taken for an id: it goes to logs and into the response. */
const ID = /^[A-Za-z0-9._:/+=-]{1,128}$/;

/**
 * `requestId`, ours: gives each request a name of its own, a random UUID (RFC 9562), for the server, and the
 * response for the client. A name that a client brings counts only where it is trusted, and is one.
 */
export const requestId: HttpMiddlewareKind<"requestId"> = {
  create({ headerName = "X-Request-Id", trustIncoming = false, inResponse = true }) {
    const name = canonicalFieldName(headerName);
    const lowerName = name.toLowerCase();
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const brought = trustIncoming ? lazy.headerList.get(lowerName) : null;
        const kept = brought !== null && ID.test(brought);
        const id = kept ? brought : crypto.randomUUID();
        if (!kept) lazy.headerList.set(name, id);
        const response = next(lazy, exchange);
        if (!inResponse) return response;
        return whenResponse(response, exchange, (result) => {
          const answer = LazyResponse.of(result);
          answer.headerList.set(name, id);
          return answer;
        });
      },
    };
  },
};
