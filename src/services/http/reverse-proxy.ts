import { removeNamedByConnection } from "../../http/fields/connection-fields.ts";
import type { Handler } from "../../http/handler.ts";
import { LazyRequest } from "../../http/lazy/lazy-request.ts";
import type { ErrorStep } from "../../http/pending-response.ts";
import { type FailureLogger, proxyFailure } from "../../http/proxy-failure.ts";
import { formatAddress } from "../../net/address.ts";
import type { PooledTarget } from "../../upstream/call-pool.ts";
import { UpstreamCall } from "../../upstream/upstream-call.ts";
import { FIELD_NAMES, FieldId } from "../../wire/field-names.ts";

/**
 * Sends requests to one server and answers with what it says, or with the status that stands for
 * what went wrong (`proxyFailure`), so that middlewares work on that answer too. The response body
 * follows by itself and breaks off where the upstream's does.
 */
export function reverseProxy(target: PooledTarget, url: string, logger: FailureLogger): Handler {
  const failed: ErrorStep = (error, exchange) => proxyFailure(error, exchange, logger);
  const { hostname, port } = target.pool.address;
  const address = formatAddress({ ip: hostname, port });
  return (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    exchange.serverUrl = url;
    exchange.serverAddress = address;
    // Hardly ever there: forwarded headers took away all but what middlewares were to see.
    if (lazy.headerList.findId(FieldId.connection) >= 0) {
      // The access log has what middlewares saw.
      if (exchange.requestHeaders === lazy.headerList)
        exchange.requestHeaders = lazy.headerList.clone();
      removeNamedByConnection(lazy.headerList);
    }
    if (lazy.upgrade !== "") spellWebSocketFields(lazy);
    const call = UpstreamCall.to(lazy, target).chain(null, failed);
    target.pool.send(call);
    return call as unknown as Promise<Response>;
  };
}

/** Some servers want these names in RFC 6455's spelling, whatever the client sent. */
function spellWebSocketFields(request: LazyRequest): void {
  for (let id = FieldId.secWebSocketKey; id <= FieldId.secWebSocketExtensions; id++) {
    const value = request.headerList.get(FIELD_NAMES[id].toLowerCase());
    if (value !== null) request.headerList.setId(id, value);
  }
}
