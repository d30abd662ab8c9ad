import { now } from "../../core/timers.ts";
import type { Exchange } from "../../http/exchange.ts";
import type { Middleware } from "../../http/handler.ts";
import { LazyRequest } from "../../http/lazy/lazy-request.ts";
import { finalStatus } from "../final-status.ts";
import type { Observer } from "../observer.ts";
import type { MetricsSettings } from "./metrics-settings.ts";
import { codeOf, protocolOf, requestKind } from "./request-kind.ts";
import type { RequestMeter } from "./request-meter.ts";
import type { RequestMeters } from "./request-meters.ts";

/**
 * Has requests counted when they are over, for the entrypoint, the router, the service and the server, as
 * the settings want them. Tries of a service before the last one are counted when the next begins.
 */
export function metricsObserver(settings: MetricsSettings, meters: RequestMeters): Observer {
  const { addInternals, owners, headers } = settings;
  const wanted = (metrics: boolean, internal: boolean) => metrics && (addInternals || !internal);

  const tryEnded = (exchange: Exchange, end: number, status: number) => {
    const { serviceMeter, serverMeter } = exchange;
    const kind = requestKind(codeOf(exchange, status), exchange.method, exchange.protocol);
    const seconds = Math.max(0, end - exchange.triedAt) / 1000;
    const responseBytes = exchange.originBytes < 0 ? exchange.responseBytes : exchange.originBytes;
    if (serviceMeter !== null) {
      serviceMeter.count(kind, seconds, exchange.requestBytes, responseBytes);
      alsoOf(serviceMeter as RequestMeter, exchange, kind);
    }
    if (serverMeter !== null)
      serverMeter.count(kind, seconds, exchange.requestBytes, responseBytes);
  };
  const { length: headerCount } = headers;
  const alsoOf = (meter: RequestMeter, exchange: Exchange, kind: number) => {
    const { tls } = exchange.downstream;
    if (tls !== null) meter.countTls(tls.version, tls.cipher);
    if (headerCount > 0) meter.countLabelled(kind, exchange, headers);
  };
  const finisher = (entryPoint: RequestMeter | null) => (exchange: Exchange) => {
    const end = now();
    const status = finalStatus(exchange);
    const { routerMeter, requestBytes, responseBytes } = exchange;
    const kind = requestKind(codeOf(exchange, status), exchange.method, exchange.protocol);
    const seconds = Math.max(0, end - exchange.startedAt) / 1000;
    if (entryPoint !== null) {
      entryPoint.count(kind, seconds, requestBytes, responseBytes);
      alsoOf(entryPoint, exchange, kind);
    }
    if (routerMeter !== null) {
      routerMeter.count(kind, seconds, requestBytes, responseBytes);
      alsoOf(routerMeter as RequestMeter, exchange, kind);
    }
    if (exchange.serviceMeter !== null || exchange.serverMeter !== null)
      tryEnded(exchange, end, exchange.originStatus === 0 ? status : exchange.originStatus);
  };

  return {
    entryPoint({ entryPoint, observability, internal }) {
      if (!wanted(observability.metrics, internal)) return null;
      const meter = owners.entryPoint ? meters.of({ kind: "entryPoint", name: entryPoint }) : null;
      const finished = finisher(meter);
      const link: Middleware = (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        exchange.protocol = protocolOf(lazy);
        if (headerCount > 0) exchange.requestHeaders = lazy.headerList;
        exchange.onFinish(finished);
        return next(lazy, exchange);
      };
      return link;
    },
    router({ router, service, observability, internal }) {
      if (!owners.router || !wanted(observability.metrics, internal)) return null;
      const meter = meters.of({ kind: "router", name: router, service });
      return (next) => (request, exchange) => {
        exchange.routerMeter = meter;
        return next(request, exchange);
      };
    },
    service({ service, serverUrl, internal }) {
      if (!wanted(true, internal) || (!owners.service && !owners.server)) return null;
      const meter = owners.service ? meters.of({ kind: "service", name: service }) : null;
      const server =
        owners.server && serverUrl !== ""
          ? meters.of({ kind: "server", name: service, url: serverUrl })
          : null;
      return (next) => (request, exchange) => {
        if (exchange.observability.metrics) {
          const time = now();
          // A retry: the try before it is over.
          if (exchange.triedAt !== 0) {
            tryEnded(exchange, time, exchange.originStatus);
            // What makes an error page is another service's first try.
            if (exchange.retries > 0 && exchange.serviceMeter === meter) meter?.countRetry();
          }
          exchange.triedAt = time;
          exchange.serviceMeter = meter;
          exchange.serverMeter = server;
        }
        return next(request, exchange);
      };
    },
  };
}
