import type { Handler } from "../http/handler.ts";
import { LazyRequest } from "../http/lazy-request.ts";
import { UpstreamCall } from "../upstream/upstream-call.ts";
import type { UpstreamTarget } from "../upstream/upstream-target.ts";
import { FIELD_NAMES, FieldId } from "../wire/field-names.ts";

/**
 * Sends requests to one server and answers with what it says. Rejects with a ProxyError whose
 * status is Traefik's (504 for a timeout, 502 for network trouble); the response body follows by
 * itself and breaks off where the upstream's does.
 */
export function reverseProxy(target: UpstreamTarget, url: string): Handler {
  const address = `${target.pool.hostname}:${target.pool.port}`;
  return (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    exchange.serverUrl = url;
    exchange.serverAddress = address;
    if (lazy.upgrade !== "") spellWebSocketFields(lazy);
    return new Promise((resolve, reject) => {
      target.pool.send(new UpstreamCall(lazy, target, resolve, reject));
    });
  };
}

/** Some servers want these names in RFC 6455's spelling, whatever the client sent. */
function spellWebSocketFields(request: LazyRequest): void {
  for (let id = FieldId.secWebSocketKey; id <= FieldId.secWebSocketExtensions; id++) {
    const value = request.headerList.get(FIELD_NAMES[id].toLowerCase());
    if (value !== null) request.headerList.setId(id, value);
  }
}
