import type { Exchange } from "../../http/exchange.ts";
import { type Middleware, whenSettled } from "../../http/handler.ts";
import { LazyRequest } from "../../http/lazy/lazy-request.ts";
import { SpanKind } from "../../http/observability.ts";
import type { MeteredParts } from "../metrics/metrics-settings.ts";
import type { Observer } from "../observer.ts";
import type { RecordedSpan } from "./recorded-span.ts";
import { RecordedTrace } from "./request-trace.ts";
import { type ServerFacts, serverFacts } from "./safe-url.ts";
import { captureHeaders, describeRequest, describeTry } from "./span-attributes.ts";
import type { Tracer } from "./tracer.ts";

const SERVERS = new WeakMap<RecordedSpan, ServerFacts>();

/**
 * Has requests traced: a span for the whole, and one for each try to have a server answer; with
 * `traceVerbosity: detailed` one for each part of its way, named as Traefik names them.
 */
export function tracingObserver(tracer: Tracer, metered: MeteredParts): Observer {
  const { settings } = tracer;
  const { addInternals } = settings;

  const tryEnded = (trace: RecordedTrace, exchange: Exchange) => {
    const { client } = trace;
    if (client === null) return;
    trace.client = null;
    client.endedAt = client.startedAt + exchange.originDuration;
    describeTry(client, SERVERS.get(client)!, trace.clientTarget, exchange, settings);
  };
  const finished = (exchange: Exchange) => {
    const { trace } = exchange;
    if (!(trace instanceof RecordedTrace)) return;
    tryEnded(trace, exchange);
    describeRequest(trace.root, exchange, settings);
    tracer.record(trace);
  };
  const metricsSpan = (trace: RecordedTrace, part: string) =>
    trace.begin("Metrics", SpanKind.internal)?.set("traefik.middleware.name", `metrics-${part}`);

  return {
    entryPoint({ observability, internal }) {
      if (!observability.tracing || (internal && !addInternals)) return null;
      const detailed = observability.traceVerbosity === "detailed";
      const counts = metered.entryPoint && observability.metrics;
      const link: Middleware = (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        const trace = tracer.begin(lazy.headerList, exchange, detailed);
        exchange.trace = trace;
        if (trace instanceof RecordedTrace) {
          exchange.requestHeaders = lazy.headerList;
          captureHeaders(
            trace.root,
            "http.request.header.",
            settings.requestHeaders,
            lazy.headerList,
          );
          if (detailed && counts) metricsSpan(trace, "entrypoint");
          exchange.onFinish(finished);
        }
        return next(lazy, exchange);
      };
      return link;
    },

    router({ router, rule, service, observability }) {
      if (!observability.tracing || observability.traceVerbosity !== "detailed") return null;
      const counts = metered.router && observability.metrics;
      return (next) => (request, exchange) => {
        const { trace } = exchange;
        if (trace instanceof RecordedTrace) {
          const span = trace.begin("Router", SpanKind.internal);
          span?.set("traefik.service.name", service);
          span?.set("traefik.router.name", router);
          span?.set("http.route", rule);
          if (counts) metricsSpan(trace, "router");
        }
        return next(request, exchange);
      };
    },

    middleware({ middleware, kind }) {
      return (wrapped) => (next) => {
        const inner = wrapped(next);
        return (request, exchange) => {
          const { trace } = exchange;
          if (trace === null || !trace.detailed) return inner(request, exchange);
          const span = trace.begin(spanName(kind), SpanKind.internal);
          span?.set("traefik.middleware.name", middleware);
          return whenSettled(
            inner(request, exchange),
            exchange,
            (response) => {
              span?.end();
              return response;
            },
            (error) => {
              span?.end();
              throw error;
            },
          );
        };
      };
    },

    service({ service, serverUrl, internal }) {
      if (internal && !addInternals) return null;
      const server = serverUrl === "" ? null : serverFacts(serverUrl);
      return (next) => (request, exchange) => {
        const { trace } = exchange;
        if (trace === null) return next(request, exchange);
        const lazy = LazyRequest.of(request, exchange);
        if (!(trace instanceof RecordedTrace)) {
          if (server !== null) trace.inject(lazy.headerList, null);
          return next(lazy, exchange);
        }
        if (trace.beforeTry === null) {
          trace.beforeTry = trace.current;
        } else {
          tryEnded(trace, exchange);
          trace.current = trace.beforeTry;
          if (exchange.retries > 0) {
            const span = trace.begin("Retry", SpanKind.internal);
            span?.set("http.request.resend_count", exchange.retries);
          }
        }
        trace.begin("Service", SpanKind.internal)?.set("traefik.service.name", service);
        if (trace.detailed && metered.service && exchange.observability.metrics)
          metricsSpan(trace, "service");
        if (server === null) return next(lazy, exchange);
        const span = trace.begin("ReverseProxy", SpanKind.client);
        if (span !== null) {
          SERVERS.set(span, server);
          trace.client = span;
          trace.clientTarget = lazy.target;
          const userAgent = lazy.headerList.first("user-agent") ?? "";
          if (userAgent !== "") span.set("user_agent.original", userAgent);
          captureHeaders(span, "http.request.header.", settings.requestHeaders, lazy.headerList);
        }
        trace.inject(lazy.headerList, span);
        return next(lazy, exchange);
      };
    },
  };
}

/** Names of Traefik's types that aren't the key's. */
const TYPES: Readonly<Record<string, string>> = {
  errors: "CustomError",
  ipAllowList: "IPAllowLister",
  ipWhiteList: "IPWhiteLister",
  rateLimit: "RateLimiterType",
  passTLSClientCert: "PassTLSClientCert",
  grpcWeb: "GrpcWeb",
};

function spanName(kind: string): string {
  return TYPES[kind] ?? kind[0].toUpperCase() + kind.slice(1);
}
