import { ProxyError } from "../../../core/errors.ts";
import { SpooledBody, type SpoolOptions } from "../../../http/bodies/spooled-body.ts";
import type { Body } from "../../../http/body.ts";
import type { Exchange } from "../../../http/exchange.ts";
import type { Handler } from "../../../http/handler.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import { proxyFailure } from "../../../http/proxy-failure.ts";
import { FieldId } from "../../../wire/field-names.ts";
import { clientLeft } from "../client-left.ts";
import type { HttpMiddlewareContext, HttpMiddlewareKind } from "../http-middleware.ts";
import { plainAnswer } from "../plain-answer.ts";
import { requestState } from "../retry/request-state.ts";
import { type EndedTry, retryCondition } from "./retry-condition.ts";

/** Bytes in memory where nothing says how many, as in Traefik. */
const MEMORY = 1024 * 1024;
/** Tries beyond the first, whatever the expression says. */
const MOST_RETRIES = 10;

const RETRIED = new ProxyError("aborted", "internal", "The request is tried again");

const requestTooLarge = plainAnswer(413);
const responseTooLarge = plainAnswer(500);

/**
 * `buffering`: reads the whole of a request before its server is asked, and the whole of an answer before the
 * client gets it; what is more than the memory is to hold goes to a file. Too large a request is 413, too large
 * an answer 500. Upgrades pass. Source: Traefik's pkg/middlewares/buffering and oxy's buffer.
 */
export const buffering: HttpMiddlewareKind<"buffering"> = {
  create(options, { files, logger }) {
    const { retryExpression = "" } = options;
    const rules: Rules = {
      request: {
        files,
        most: options.maxRequestBodyBytes ?? 0,
        memory: options.memRequestBodyBytes || MEMORY,
      },
      response: {
        files,
        most: options.maxResponseBodyBytes ?? 0,
        memory: options.memResponseBodyBytes || MEMORY,
      },
      isRetried: retryExpression === "" ? null : retryCondition(retryExpression),
      logger,
    };
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        // What comes behind a switch of protocols is no body.
        if (lazy.upgrade !== "") return next(lazy, exchange);
        exchange.retain();
        return buffered(lazy, exchange, next, rules);
      },
    };
  },
};

interface Rules {
  readonly request: SpoolOptions;
  readonly response: SpoolOptions;
  readonly isRetried: ((ended: EndedTry) => boolean) | null;
  readonly logger: HttpMiddlewareContext["logger"];
}

async function buffered(
  request: LazyRequest,
  exchange: Exchange,
  next: Handler,
  rules: Rules,
): Promise<Response> {
  const received = request.takeBody();
  const body = received === null ? null : await kept(received, rules.request, exchange);
  if (received !== null && body === null) return requestTooLarge();
  // Only requests with a body are sent again.
  const isRetried = body === null || body.size === 0 ? null : rules.isRetried;
  const restore = isRetried === null ? null : requestState(request);
  for (let attempts = 1; ; attempts++) {
    const left = clientLeft(exchange);
    if (left !== null) return left;
    if (body !== null) request.setBody(body.body());
    const response = LazyResponse.of(await next(request, exchange));
    const retried =
      isRetried !== null &&
      attempts <= MOST_RETRIES &&
      exchange.aborted === null &&
      isRetried({ method: request.method, attempts, status: response.status });
    if (!retried) return whole(response, exchange, rules);
    response.takeBody()?.cancel(RETRIED);
    exchange.error = null;
    restore!();
  }
}

/** The answer with a body that is all there, or the one that stands for it. */
async function whole(
  response: LazyResponse,
  exchange: Exchange,
  { response: options, logger }: Rules,
): Promise<Response> {
  const { status } = response;
  const received = response.takeBody();
  const isBodyless = exchange.method === "HEAD" || status === 204 || status === 304;
  if (received === null || isBodyless || response.tunnel !== null) return response;
  let body: SpooledBody | null;
  try {
    body = await kept(received, options, exchange);
  } catch (error) {
    // Nothing of it was sent: the client can be told what happened.
    return proxyFailure(error, exchange, logger);
  }
  if (body === null) {
    exchange.originBytes = Math.max(received.length, received.received);
    return responseTooLarge();
  }
  response.headerList.deleteId(FieldId.contentLength);
  response.setBody(body.body());
  return response;
}

/** Reads a body to its end; null where it is too large. What is kept of it goes with the exchange. */
async function kept(
  received: Body,
  options: SpoolOptions,
  exchange: Exchange,
): Promise<SpooledBody | null> {
  const body = await SpooledBody.of(received, options, (hook) => exchange.onAbort(hook));
  if (body === null) return null;
  // An exchange that is over by now hears of no end any more.
  if (exchange.aborted !== null) body.close();
  else exchange.onFinish(() => body.close());
  return body;
}
