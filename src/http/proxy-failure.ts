import { ProxyError, statusOf } from "../core/errors.ts";
import type { Exchange } from "./exchange.ts";
import { LazyResponse, reasonOf } from "./lazy/lazy-response.ts";

/** What is needed of a logger here. */
export interface FailureLogger {
  debug(message: string, fields?: Record<string, unknown>): void;
}

/**
 * The response that stands for a failure of the network: 504 for a timeout, 502 for trouble, 499 for
 * a client that went away. Everyday matters, logged at DEBUG. Anything that isn't such a failure is
 * thrown on, to recovery. Source: Traefik's pkg/proxy/httputil/proxy.go.
 */
export function proxyFailure(error: unknown, exchange: Exchange, logger: FailureLogger): Response {
  if (!(error instanceof ProxyError) || error.code === "handler-failed") throw error;
  exchange.error = error;
  const remote = exchange.downstream.remote.ip;
  const request = `${exchange.method} ${exchange.host}${exchange.target}`;
  const status = statusOf(error);
  const message = status === 499 ? "Request has been aborted" : `${status} ${reasonOf(status)}`;
  logger.debug(message, { remote, request, error });
  const body = reasonOf(status);
  // It stands for what the server didn't give: in logs it is the server's answer, as in Traefik.
  exchange.originStatus = status;
  exchange.originBytes = body.length;
  exchange.originHeaders = null;
  return LazyResponse.text(status, body);
}
