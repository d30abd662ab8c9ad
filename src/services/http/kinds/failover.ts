import { ProxyError } from "../../../core/errors.ts";
import { Body } from "../../../http/body.ts";
import { type Handler, whenResponse } from "../../../http/handler.ts";
import { httpError } from "../../../http/http-error.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import { Health, healthOfChild } from "../../health/health.ts";
import { collectedBody } from "../collected-body.ts";
import type { HttpServiceKind } from "../http-service.ts";
import { statusRanges } from "../status-ranges.ts";

/**
 * `failover`: `service` while it is up, else `fallback`, else 503. With `errors.status` an answer of
 * `service` with such a status is dropped, and the fallback gets the request. Refused where `service`
 * has neither healthCheck nor `errors.status` (it could never fail over), or, with healthCheck on, the
 * fallback has none. Source: Traefik's pkg/server/service/loadbalancer/failover/failover.go.
 */
export const failover: HttpServiceKind<"failover"> = {
  services: ({ service, fallback }) => [service, fallback],
  create({ healthCheck, errors }, { name, services: [service, fallback] }) {
    const { status: statuses = [], maxRequestBodyBytes = -1 } = errors ?? {};
    const byStatus = statuses.length > 0;
    const isDropped = statusRanges(statuses);
    const needed = !byStatus || healthCheck !== undefined;
    const main = needed ? healthOfChild(service.health, service.name, name) : service.health;
    const spare =
      healthCheck === undefined ? null : healthOfChild(fallback.health, fallback.name, name);
    const answering = byStatus
      ? failingOver(service.handler, fallback.handler, isDropped, maxRequestBodyBytes)
      : service.handler;
    const handler: Handler = (request, exchange) => {
      if (main === null || main.up) return answering(request, exchange);
      if (spare === null || spare.up) return fallback.handler(request, exchange);
      return httpError(503);
    };
    if (spare === null || main === null) return { handler, health: null, stop() {} };

    const own = new Health(main.up || spare.up);
    const changed = () => own.set(main.up || spare.up);
    const subscriptions = [main.subscribe(changed), spare.subscribe(changed)];
    return {
      handler,
      health: own,
      stop() {
        for (const unsubscribe of subscriptions) unsubscribe();
      },
    };
  },
};

const DROPPED = new ProxyError("aborted", "internal", "The fallback answers instead");

/**
 * Asks one handler, and the other with the same request where the first one's status is to be
 * dropped. A request's body is read before; one above `limit` bytes is answered 413, as in Traefik.
 */
function failingOver(
  main: Handler,
  fallback: Handler,
  isDropped: (status: number) => boolean,
  limit: number,
): Handler {
  const ask = (request: LazyRequest, bytes: Uint8Array | null): ReturnType<Handler> => {
    const { exchange } = request;
    const headers = request.headerList.clone();
    const received = request.takeBody();
    // Nothing of it may be another request's while two services have it.
    exchange.retain();
    const giveBody = () => {
      if (bytes === null) return;
      const body = Body.of(bytes);
      body.trailers = received?.trailers ?? null;
      body.trailerJudge = received?.trailerJudge ?? null;
      request.setBody(body);
    };
    giveBody();
    return whenResponse(main(request, exchange), exchange, (response) => {
      if (!isDropped(response.status)) return response;
      LazyResponse.of(response).takeBody()?.cancel(DROPPED);
      request.headerList = headers;
      giveBody();
      return fallback(request, exchange);
    });
  };
  return (request, exchange) => {
    const lazy = LazyRequest.of(request, exchange);
    const body = lazy.upgrade === "" ? lazy.takeBody() : null;
    if (body === null) return ask(lazy, null);
    return collectedBody(body, limit).then((bytes) =>
      bytes === null ? httpError(413, "Request body too large") : ask(lazy, bytes),
    );
  };
}
