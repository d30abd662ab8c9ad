import { type Middleware, whenResponse } from "../../../http/handler.ts";
import { httpError } from "../../../http/http-error.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { Cors } from "./cors.ts";
import { applyEdits, type FieldEdit, fieldEdits } from "./field-edits.ts";
import { applyVariables, type SplitValues, splitValues } from "./header-variables.ts";
import { randomNonce, SecureHeaders } from "./secure-headers.ts";

type Modifier = (response: Response) => Response;

function modifier(edits: readonly FieldEdit[]): Modifier {
  if (edits.length === 0) return (response) => response;
  return (response) => {
    const lazy = LazyResponse.of(response);
    applyEdits(lazy.headerList, edits);
    return lazy;
  };
}

/** What happens to requests, computed once. */
function requestModifier(values: Readonly<Record<string, string>>): (request: LazyRequest) => void {
  const all = fieldEdits(values);
  // Go keeps Host apart from the other fields: it can be changed, but not deleted.
  const edits = all.filter((edit) => edit.lowerName !== "host");
  const host = all.find((edit) => edit.lowerName === "host")?.value ?? null;
  const hidesPeer = edits.some(
    (edit) => edit.value === null && edit.lowerName === "x-forwarded-for",
  );
  return (request) => {
    applyEdits(request.headerList, edits);
    if (host !== null) request.host = host;
    if (hidesPeer) request.forwardPeer = false;
  };
}

/**
 * `headers`: custom request and response headers, CORS, and security headers. On the way in CORS
 * comes first, then the custom request headers, then the host check; on the way out the security
 * headers, then the custom ones, then CORS, so that later ones win.
 * Source: Traefik's pkg/middlewares/headers/{headers,header,secure}.go.
 */
export const headers: HttpMiddlewareKind<"headers"> = {
  create(options) {
    const split = (values: Readonly<Record<string, string>> = {}): SplitValues =>
      options.variables === true ? splitValues(values) : { fixed: values, variable: [] };
    const ofRequests = split(options.customRequestHeaders);
    const ofResponses = split(options.customResponseHeaders);
    const customRequestHeaders = ofRequests.fixed;
    const cors = Cors.create(options);
    const secure = SecureHeaders.create(options);
    const modifyRequest = requestModifier(customRequestHeaders);
    const custom = fieldEdits(ofResponses.fixed);
    const varies = ofRequests.variable.length + ofResponses.variable.length > 0;
    const nothing =
      !varies &&
      Object.keys(customRequestHeaders).length + custom.length === 0 &&
      cors === null &&
      secure === null;
    if (nothing) throw new Error("headers: headers configuration not valid: no option is set");

    const editsOf = (https: boolean, nonce?: string) => [
      ...(secure?.edits(https, nonce) ?? []),
      ...custom,
    ];
    const badHost = modifier(custom);
    const overHttp = modifier(editsOf(false));
    const overHttps = modifier(editsOf(true));
    const modifierFor = (request: LazyRequest, exchange: LazyRequest["exchange"]): Modifier => {
      if (secure === null || (!secure.dependsOnScheme && !secure.hasNonce)) return overHttp;
      const https = secure.isSecure(request, exchange);
      if (secure.hasNonce) return modifier(editsOf(https, randomNonce()));
      return https ? overHttps : overHttp;
    };

    const middleware: Middleware = (next) => (request, exchange) => {
      const lazy = LazyRequest.of(request, exchange);
      const input = lazy;
      const preflight = cors?.preflight(lazy) ?? null;
      if (preflight !== null) return preflight;
      modifyRequest(lazy);
      const allowed = secure === null || secure.allows(lazy);
      const modify = allowed ? modifierFor(lazy, exchange) : badHost;
      const response = whenResponse(
        allowed ? next(input, exchange) : httpError(500, "Bad Host"),
        exchange,
        modify,
      );
      return cors === null ? response : markedResponse(response, exchange, cors, lazy);
    };
    if (!varies) return { middleware };
    return {
      middleware: (next) =>
        middleware((request, exchange) => {
          const lazy = LazyRequest.of(request, exchange);
          applyVariables(lazy.headerList, ofRequests.variable, lazy, exchange);
          return whenResponse(next(lazy, exchange), exchange, (answer) => {
            const marked = LazyResponse.of(answer);
            applyVariables(marked.headerList, ofResponses.variable, lazy, exchange);
            return marked;
          });
        }),
    };
  },
};

// A function of its own: one that has a closure in it makes a scope for it at each call.
function markedResponse(
  response: Response | Promise<Response>,
  exchange: LazyRequest["exchange"],
  cors: Cors,
  { headerList }: LazyRequest,
): Response | Promise<Response> {
  return whenResponse(response, exchange, (answer) => {
    const marked = LazyResponse.of(answer);
    cors.mark(marked.headerList, headerList.first("origin") ?? "");
    return marked;
  });
}
