import { expect, test } from "bun:test";
import { LocalCounters } from "../../../../../src/core/counters/counters.ts";
import { ProxyError } from "../../../../../src/core/errors.ts";
import { LazyResponse } from "../../../../../src/http/lazy/lazy-response.ts";
import { circuitBreaker } from "../../../../../src/middlewares/http/circuit-breaker/circuit-breaker.ts";
import type { HttpMiddlewareOptions } from "../../../../../src/middlewares/http/http-middleware.ts";
import { apply, make } from "../apply.ts";

let time = 1_700_000_000_000;

const breaker = (options: HttpMiddlewareOptions<"circuitBreaker">) =>
  make(circuitBreaker, options, { counters: new LocalCounters(() => time) });

const answering = (status: number) => () => LazyResponse.text(status);

test("answers itself when the service fails, and asks again later", async () => {
  const link = breaker({ expression: "NetworkErrorRatio() > 0.5" });
  expect((await apply(link, {}, answering(502))).response.status).toBe(502);
  const { response, reached } = await apply(link);
  expect(reached).toBe(false);
  expect(response.status).toBe(503);
  expect(await response.text()).toBe("Service Unavailable");
  expect([...response.headers]).toEqual([]);
  time += 10_000;
  expect((await apply(link)).reached).toBe(false);
  time += 10_001;
  expect((await apply(link)).reached).toBe(true);
});

test("answers with another status, after other times", async () => {
  const link = breaker({
    expression: "ResponseCodeRatio(500, 600, 0, 600) > 0.5",
    responseCode: 429,
    fallbackDuration: 50,
    recoveryDuration: 60,
  });
  await apply(link, {}, answering(500));
  const { response } = await apply(link);
  expect(response.status).toBe(429);
  expect(await response.text()).toBe("Too Many Requests");
  time += 50;
  await apply(link);
  time += 61;
  expect((await apply(link)).reached).toBe(true);
});

test.each<[string, () => Response | Promise<Response>]>([
  [
    "throws",
    () => {
      throw new ProxyError("connect-failed", "upstream", "refused");
    },
  ],
  [
    "rejects",
    async () => {
      throw new ProxyError("connect-failed", "upstream", "refused");
    },
  ],
])("a handler that %s counts by the status that it means", async (_, handler) => {
  const link = breaker({ expression: "NetworkErrorRatio() > 0.5" });
  await apply(link, {}, handler).catch((error) => expect(error).toBeInstanceOf(ProxyError));
  expect((await apply(link)).reached).toBe(false);
});

test.each<[HttpMiddlewareOptions<"circuitBreaker">, string]>([
  [{}, "found the end"],
  [{ expression: "NetworkErrorRatio() > 0.5 &&" }, "found the end"],
  [{ expression: "NetworkErrors() > 0.5" }, "found NetworkErrors"],
  [{ expression: "NetworkErrorRatio() > 0.5", responseCode: 599 }, "found 599"],
])("%j is refused", (options, message) => {
  expect(() => breaker(options)).toThrow(message);
});
