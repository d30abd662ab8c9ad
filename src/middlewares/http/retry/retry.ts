import { ProxyError } from "../../../core/errors.ts";
import { now } from "../../../core/timers.ts";
import type { Exchange } from "../../../http/exchange.ts";
import { type Handler, whenResponse } from "../../../http/handler.ts";
import { LazyRequest } from "../../../http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../http/lazy/lazy-response.ts";
import { statusRanges } from "../../../services/http/status-ranges.ts";
import { clientLeft } from "../client-left.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { ReplayedBody } from "./replayed-body.ts";
import { requestState } from "./request-state.ts";

/** Bytes of a body that are remembered where nothing says how many, as in Traefik. */
const MAX_BODY = 2 * 1024 * 1024;

/** These are not retried for a status: sent twice, they may do twice what they do. */
const NON_IDEMPOTENT = new Set(["POST", "PATCH", "LOCK"]);

const RETRIED = new ProxyError("aborted", "internal", "The request is tried again");

/** What a retry goes by; times in milliseconds. */
interface Rules {
  readonly attempts: number;
  /** Null where no status is retried. */
  readonly status: ((status: number) => boolean) | null;
  readonly networkErrors: boolean;
  readonly nonIdempotent: boolean;
  readonly maxBody: number;
  /** Time for all tries; 0 for any. */
  readonly timeout: number;
  readonly interval: number;
}

/**
 * `retry`: sends a request once more where no byte of it was sent (the server can't be reached), and where its
 * answer has one of the statuses that are to be retried. A body is passed on as it comes and remembered
 * meanwhile. The last try's answer is the client's. Source: Traefik's pkg/middlewares/retry/retry.go.
 */
export const retry: HttpMiddlewareKind<"retry"> = {
  create(options) {
    const { attempts = 0, status = [], disableRetryOnNetworkError = false } = options;
    if (attempts <= 0) throw new Error(`retry: attempts: expected 1 or more, found ${attempts}`);
    if (status.length === 0 && disableRetryOnNetworkError)
      throw new Error("retry: nothing is retried: there is no status, and network errors are not");
    if (attempts === 1) return { middleware: (next) => next };
    const rules: Rules = {
      attempts,
      status: status.length === 0 ? null : statusRanges(status),
      networkErrors: !disableRetryOnNetworkError,
      nonIdempotent: options.retryNonIdempotentMethod ?? false,
      maxBody: options.maxRequestBodyBytes ?? MAX_BODY,
      timeout: options.timeout ?? 0,
      interval: options.initialInterval ?? 0,
    };
    return {
      middleware: (next) => (request, exchange) => {
        const lazy = LazyRequest.of(request, exchange);
        return new Tries(lazy, exchange, next, rules).begin();
      },
    };
  },
};

/** The tries of one request. */
class Tries {
  private readonly request: LazyRequest;
  private readonly exchange: Exchange;
  private readonly next: Handler;
  private readonly rules: Rules;
  private readonly byStatus: boolean;
  private readonly restore: () => void;
  private readonly body: ReplayedBody | null;
  private readonly startedAt: number;
  private count = 1;
  private interval: number;

  constructor(request: LazyRequest, exchange: Exchange, next: Handler, rules: Rules) {
    this.request = request;
    this.exchange = exchange;
    this.next = next;
    this.rules = rules;
    this.byStatus =
      rules.status !== null && (rules.nonIdempotent || !NON_IDEMPOTENT.has(request.method));
    this.restore = requestState(request);
    this.startedAt = rules.timeout === 0 ? 0 : now();
    this.interval = rules.interval;
    const body = request.takeBody();
    // Network errors are retried where nothing was sent: nothing needs to be remembered for them.
    this.body = body === null ? null : new ReplayedBody(body, this.byStatus ? rules.maxBody : 0);
  }

  begin(): Response | Promise<Response> {
    const { request, exchange, body } = this;
    if (body !== null) request.setBody(body.next());
    if (this.count === this.rules.attempts) {
      body?.settle();
      return this.next(request, exchange);
    }
    return whenResponse(this.next(request, exchange), exchange, (response) =>
      this.answered(response),
    );
  }

  private answered(response: Response): Response | Promise<Response> {
    const { exchange, rules } = this;
    if (!this.isRetried(response.status)) {
      this.body?.settle();
      return response;
    }
    // Two tries have had it.
    exchange.retain();
    LazyResponse.of(response).takeBody()?.cancel(RETRIED);
    this.count++;
    if (rules.interval === 0) return this.again();
    // Grows to twice the first one at the most, and no two requests wait equally long.
    const pause = this.interval * (0.5 + Math.random());
    this.interval *= 2 ** (1 / (rules.attempts - 1));
    return waitFor(pause, exchange).then(() => clientLeft(exchange) ?? this.again());
  }

  private again(): Response | Promise<Response> {
    const { exchange } = this;
    exchange.retries++;
    exchange.error = null;
    this.restore();
    return this.begin();
  }

  private isRetried(status: number): boolean {
    const { rules, exchange, body } = this;
    if (status === 101 || exchange.aborted !== null || body?.replayable === false) return false;
    if (rules.timeout !== 0 && now() - this.startedAt >= rules.timeout) return false;
    const { error } = exchange;
    const unsent = error instanceof ProxyError && error.source === "upstream" && error.retryable;
    if (rules.networkErrors && unsent) return true;
    return this.byStatus && rules.status!(status);
  }
}

/** Resolves after so many milliseconds, or when the client goes away. */
function waitFor(milliseconds: number, exchange: Exchange): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    exchange.onAbort(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
