import { ProxyError, statusOf } from "../core/errors.ts";
import type { Exchange } from "../http/exchange.ts";
import { type Middleware, whenSettled } from "../http/handler.ts";
import { LazyResponse, reasonOf } from "../http/lazy/lazy-response.ts";
import { proxyFailure } from "../http/proxy-failure.ts";

/** What recovery needs of a logger. */
export interface RecoveryLogger {
  debug(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/**
 * Turns what a handler threw, or rejected with, into the response that `statusOf` says, and notes
 * it in `exchange.error`. Failures of the network are everyday matters and logged at DEBUG; what a
 * handler threw itself is a bug and logged at ERROR with its stack; a client that went away is
 * neither. Source: Traefik's pkg/middlewares/recovery/recovery.go and, for the bodies and levels of
 * network failures, pkg/proxy/httputil/proxy.go.
 */
export function recovery(logger: RecoveryLogger): Middleware {
  const recovered = (error: unknown, exchange: Exchange): Response => {
    if (error instanceof ProxyError && error.code !== "handler-failed") {
      return proxyFailure(error, exchange, logger);
    }
    exchange.error = error;
    const request = `${exchange.method} ${exchange.host}${exchange.target}`;
    const remote = exchange.downstream.remote.ip;
    if (isAbort(error, exchange)) {
      logger.debug("Request has been aborted", { remote, request, error });
      return LazyResponse.text(499);
    }
    const status = statusOf(error);
    const reason = reasonOf(status);
    logger.error("Recovered from an error in an HTTP handler", {
      remote,
      request,
      error,
      stack: stackOf(error),
    });
    return LazyResponse.text(status, `${reason}\n`, [["X-Content-Type-Options", "nosniff"]]);
  };

  return (next) => (request, exchange) => {
    try {
      return whenSettled(next(request, exchange), exchange, null, recovered);
    } catch (error) {
      return recovered(error, exchange);
    }
  };
}

/** True where the failure is nothing but the client's going away, however the handler put it. */
function isAbort(error: unknown, exchange: Exchange): boolean {
  if (statusOf(error) === 499) return true;
  if (exchange.aborted === null) return false;
  return error instanceof ProxyError || (error instanceof Error && error.name === "AbortError");
}

/** The stack, and below it those of the causes. */
function stackOf(error: unknown): string {
  const stacks: string[] = [];
  for (let at = error; at instanceof Error && stacks.length < 5; at = at.cause) {
    stacks.push(at.stack ?? `${at.name}: ${at.message}`);
  }
  return stacks.join("\ncaused by ");
}
