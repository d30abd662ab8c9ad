import { describe, expect, test } from "bun:test";
import { LocalCounters } from "../../../../../src/core/counters/counters.ts";
import { ProxyError } from "../../../../../src/core/errors.ts";
import type { Exchange } from "../../../../../src/http/exchange.ts";
import type { Middleware } from "../../../../../src/http/handler.ts";
import { LazyRequest } from "../../../../../src/http/lazy/lazy-request.ts";
import type { HttpMiddlewareOptions } from "../../../../../src/middlewares/http/http-middleware.ts";
import { inFlightReq } from "../../../../../src/middlewares/http/limits/in-flight-req.ts";
import { rateLimit } from "../../../../../src/middlewares/http/limits/rate-limit.ts";
import { sourceOf } from "../../../../../src/middlewares/http/limits/source-criterion.ts";
import { type MadeRequest, makeRequest } from "../../../../support/http/make-request.ts";
import { apply, make } from "../apply.ts";

type Criterion = HttpMiddlewareOptions<"rateLimit">["sourceCriterion"];

async function statuses(link: Middleware, requests: readonly MadeRequest[]): Promise<number[]> {
  const found: number[] = [];
  for (const request of requests) found.push((await apply(link, request)).response.status);
  return found;
}

describe("rateLimit", () => {
  let time = 0;
  const counters = () => new LocalCounters(() => time);
  const limiter = (options: Partial<HttpMiddlewareOptions<"rateLimit">>) =>
    make(rateLimit, { average: 1, period: 1000, burst: 1, ...options }, { counters: counters() });

  test("lets `burst` pass at once, then `average` each `period`", async () => {
    time = 0;
    const link = limiter({ average: 2, period: 60_000, burst: 3 });
    expect(await statuses(link, [{}, {}, {}, {}])).toEqual([200, 200, 200, 429]);
    time += 29_000;
    expect(await statuses(link, [{}])).toEqual([429]);
    time += 1_000;
    expect(await statuses(link, [{}, {}])).toEqual([200, 429]);
  });

  test("says when to come again, in seconds and as Go writes durations", async () => {
    time = 0;
    const link = limiter({ average: 1, period: 60_000 });
    await apply(link);
    time += 1_200.5;
    const { response, reached } = await apply(link);
    expect(reached).toBe(false);
    expect(response.status).toBe(429);
    expect(await response.text()).toBe("Too Many Requests");
    expect([...response.headers]).toEqual([
      ["retry-after", "59"],
      ["x-retry-in", "58.7995s"],
    ]);
  });

  test("a request that comes a little early waits for its token", async () => {
    time = 0;
    const link = limiter({ average: 100 });
    const results = [apply(link), apply(link)];
    // The second's token is there in 10 ms, more than the 5 that one may be early.
    expect((await results[1]).response.status).toBe(429);
    time += 6;
    expect((await apply(link)).response.status).toBe(200);
  });

  test("a client that leaves while it waits is not answered", async () => {
    time = 0;
    const link = limiter({ average: 1, period: 1000 });
    await apply(link);
    time += 600;
    const { request, exchange } = makeRequest();
    let reached = false;
    const answer = link(() => {
      reached = true;
      return new Response();
    })(request, exchange);
    const gone = new ProxyError("aborted", "downstream", "The client left");
    exchange.abort(gone);
    expect(await Promise.resolve(answer).catch((error) => error)).toBe(gone);
    expect(reached).toBe(false);
  });

  test("average 0 limits nothing, burst 0 is 1, period 0 is a second", async () => {
    time = 0;
    expect(await statuses(limiter({ average: 0 }), [{}, {}, {}])).toEqual([200, 200, 200]);
    const odd = limiter({ average: 1, burst: 0, period: 0 });
    expect(await statuses(odd, [{}, {}])).toEqual([200, 429]);
    time += 1000;
    expect(await statuses(odd, [{}, {}])).toEqual([200, 429]);
  });

  test.each<[string, Criterion, MadeRequest, MadeRequest]>([
    ["the peer's address", undefined, { remote: "10.0.0.1" }, { remote: "10.0.0.2" }],
    ["the peer's address", {}, { remote: "10.0.0.1" }, { remote: "10.0.0.2" }],
    [
      "the network of IPv6",
      { ipStrategy: { ipv6Subnet: 64 } },
      { remote: "2001:db8::1" },
      { remote: "2001:db8:0:1::1" },
    ],
    [
      "the forwarded address",
      { ipStrategy: { depth: 1 } },
      { headers: [["X-Forwarded-For", "1.1.1.1"]] },
      { headers: [["X-Forwarded-For", "1.1.1.2"]] },
    ],
    [
      "a header",
      { requestHeaderName: "X-Key" },
      { headers: [["x-key", "a"]] },
      { headers: [["x-key", "b"]] },
    ],
    ["the host", { requestHost: true }, { host: "a.test" }, { host: "b.test" }],
  ])("counts by %s", async (_, sourceCriterion, one, other) => {
    time = 0;
    const link = limiter({ sourceCriterion });
    expect(await statuses(link, [one, other, one, other])).toEqual([200, 200, 429, 429]);
  });

  test("requests without the header are one source, and a host's case makes no other", async () => {
    time = 0;
    const byHeader = limiter({ sourceCriterion: { requestHeaderName: "X-Key" } });
    expect(await statuses(byHeader, [{}, {}])).toEqual([200, 429]);
    const byHost = limiter({ sourceCriterion: { requestHost: true } });
    expect(await statuses(byHost, [{ host: "a.test" }, { host: "A.Test" }])).toEqual([200, 429]);
  });

  test("what is remembered of a header's value is short, and another one for each value", () => {
    const source = sourceOf({ requestHeaderName: "X-Key" }, {});
    const found = [256, 257, 8000, 8001].map((length) => {
      const { request, exchange } = makeRequest({ headers: [["x-key", "k".repeat(length)]] });
      return source(LazyRequest.of(request, exchange), exchange);
    });
    expect(found.map(({ length }) => length)).toEqual([256, 64, 64, 64]);
    expect(new Set(found).size).toBe(4);
  });

  test("each router counts for itself", async () => {
    time = 0;
    const shared = counters();
    const options = { average: 1, period: 1000, burst: 1 };
    const links = ["a", "b"].map((router) =>
      make(rateLimit, options, { counters: shared, router }),
    );
    expect(await statuses(links[0], [{}, {}])).toEqual([200, 429]);
    expect(await statuses(links[1], [{}, {}])).toEqual([200, 429]);
  });

  test("refuses two criteria", () => {
    expect(() =>
      limiter({ sourceCriterion: { requestHost: true, requestHeaderName: "X" } }),
    ).toThrow("expected one criterion, found requestHeaderName, requestHost");
  });
});

describe("inFlightReq", () => {
  const begin = (link: Middleware, made: MadeRequest = {}): [number, Exchange] => {
    const { request, exchange } = makeRequest(made);
    const response = link(() => new Response())(request, exchange) as Response;
    return [response.status, exchange];
  };

  test("counts until the response has been sent, by host", async () => {
    const link = make(inFlightReq, { amount: 2 });
    const [, first] = begin(link);
    expect(begin(link)[0]).toBe(200);
    expect(begin(link)[0]).toBe(429);
    expect(begin(link, { host: "other.test" })[0]).toBe(200);
    first.finish();
    expect(begin(link)[0]).toBe(200);
    expect(begin(link)[0]).toBe(429);
  });

  test("says how many there may be", async () => {
    const link = make(inFlightReq, { amount: 0, sourceCriterion: { ipStrategy: {} } });
    const { response, reached } = await apply(link);
    expect(reached).toBe(false);
    expect(response.status).toBe(429);
    expect(await response.text()).toBe("max connections reached: 0");
    expect([...response.headers]).toEqual([]);
  });

  test("a request that is tried again counts once, and is taken off once", () => {
    const link = make(inFlightReq, { amount: 1 });
    const twice: Middleware = (next) => (request, exchange) => {
      next(request, exchange);
      return next(request, exchange);
    };
    const { request, exchange } = makeRequest();
    const response = twice(link(() => new Response()))(request, exchange) as Response;
    expect(response.status).toBe(200);
    exchange.finish();
    expect(begin(link)[0]).toBe(200);
    expect(begin(link)[0]).toBe(429);
  });
});
