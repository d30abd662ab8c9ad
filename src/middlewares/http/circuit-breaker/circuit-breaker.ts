import { statusOf } from "../../../core/errors.ts";
import { whenSettled } from "../../../http/handler.ts";
import { reasonOf } from "../../../http/lazy/lazy-response.ts";
import type { HttpMiddlewareKind } from "../http-middleware.ts";
import { plainAnswer } from "../plain-answer.ts";
import { Breaker, breakerCells } from "./breaker.ts";
import { breakerCondition } from "./breaker-condition.ts";

const DEFAULT_CHECK_PERIOD = 100;
const DEFAULT_DURATION = 10_000;

/**
 * `circuitBreaker`: answers `responseCode` instead of asking a service that fails, until it had time to
 * recover. Each router has its own, for all workers together. A request's latency ends with the head
 * of the response: unlike Traefik's, it doesn't count how slowly a client reads.
 * Source: Traefik's pkg/middlewares/circuitbreaker/circuit_breaker.go.
 */
export const circuitBreaker: HttpMiddlewareKind<"circuitBreaker"> = {
  perRouter: true,
  create(options, { name, router, counters, logger }) {
    const { expression = "", responseCode = 503 } = options;
    if (reasonOf(responseCode) === "")
      throw new Error(
        `circuitBreaker: responseCode: expected an HTTP status code, found ${responseCode}`,
      );
    const condition = breakerCondition(expression);
    const times = {
      checkPeriod: options.checkPeriod || DEFAULT_CHECK_PERIOD,
      fallbackDuration: options.fallbackDuration || DEFAULT_DURATION,
      recoveryDuration: options.recoveryDuration || DEFAULT_DURATION,
    };
    // One with another expression begins anew: its numbers mean something else.
    const cells = counters.cells(`${name} ${router} ${expression}`, breakerCells(condition));
    const { clock } = counters;
    const breaker = new Breaker(cells, condition, times, (state) => {
      if (state === "standby") logger.info("The circuit breaker stands by again");
      else logger.warn(`The circuit breaker is ${state}`, { expression });
    });
    const refuse = plainAnswer(responseCode);
    return {
      middleware: (next) => (request, exchange) => {
        const start = clock();
        if (!breaker.admits(start)) return refuse();
        const failed = (error: unknown): never => {
          const now = clock();
          breaker.record(now, statusOf(error), now - start);
          throw error;
        };
        let answer: Response | Promise<Response>;
        try {
          answer = next(request, exchange);
        } catch (error) {
          return failed(error);
        }
        return whenSettled(
          answer,
          exchange,
          (response) => {
            const now = clock();
            breaker.record(now, response.status, now - start);
            return response;
          },
          failed,
        );
      },
    };
  },
};
