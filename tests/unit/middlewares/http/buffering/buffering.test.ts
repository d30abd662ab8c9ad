import { describe, expect, test } from "bun:test";
import { nodeFiles } from "../../../../../runtime/node/files.ts";
import { ProxyError } from "../../../../../src/core/errors.ts";
import { Body } from "../../../../../src/http/body.ts";
import type { Handler } from "../../../../../src/http/handler.ts";
import { LazyRequest } from "../../../../../src/http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../../../src/http/lazy/lazy-response.ts";
import { buffering } from "../../../../../src/middlewares/http/buffering/buffering.ts";
import { retryCondition } from "../../../../../src/middlewares/http/buffering/retry-condition.ts";
import type { HttpMiddlewareOptions } from "../../../../../src/middlewares/http/http-middleware.ts";
import { HeaderList } from "../../../../../src/wire/header-list.ts";
import { type MadeRequest, makeRequest } from "../../../../support/http/make-request.ts";
import { FedBody } from "../../../../support/sockets/upstream-scene.ts";
import { makeWith } from "../apply.ts";

type Options = HttpMiddlewareOptions<"buffering">;

async function through(options: Options, made: MadeRequest, handler: Handler) {
  const { request, exchange } = makeRequest(made);
  const middleware = await makeWith(buffering, options, { files: nodeFiles });
  const response = LazyResponse.of(await middleware(handler)(request, exchange));
  return { response, exchange };
}

const echo: Handler = async (request) => {
  const lazy = LazyRequest.of(request);
  const body = lazy.takeBody();
  const text = body === null ? "" : new TextDecoder().decode(await body.bytes());
  return new LazyResponse(200, new HeaderList(), Body.of(new TextEncoder().encode(text)));
};

describe("buffering a request", () => {
  test("the server gets all of it at once, with its length", async () => {
    const fed = new FedBody();
    let length = 0;
    const pending = through(
      { memRequestBodyBytes: 2 },
      { method: "POST", body: fed.body },
      (request, exchange) => {
        const body = LazyRequest.of(request).takeBody()!;
        length = body.length;
        LazyRequest.of(request).setBody(body);
        return echo(request, exchange);
      },
    );
    fed.push("abc");
    await Bun.sleep(0);
    expect(length).toBe(0);
    fed.push("def");
    fed.body.finish();
    const { response, exchange } = await pending;
    expect([length, await response.text()]).toEqual([6, "abcdef"]);
    exchange.finish();
  });

  test("413 where it is larger than it may be, announced or not", async () => {
    for (const length of [-1, 6]) {
      const fed = new FedBody(length);
      const made = { method: "POST", body: fed.body };
      const pending = through({ maxRequestBodyBytes: 5 }, made, echo);
      fed.push("abcdef");
      const { response } = await pending;
      expect([response.status, await response.text()]).toEqual([413, "Request Entity Too Large"]);
      expect([...response.headerList.entries()]).toEqual([]);
    }
    const fits = await through({ maxRequestBodyBytes: 6 }, { method: "PUT", body: "abcdef" }, echo);
    expect(await fits.response.text()).toBe("abcdef");
  });

  test("0 is no limit", async () => {
    const body = "x".repeat(2_000_000);
    const options = { maxRequestBodyBytes: 0, memRequestBodyBytes: 0 };
    const { response, exchange } = await through(options, { method: "PUT", body }, echo);
    expect((await response.bytes()).length).toBe(2_000_000);
    exchange.finish();
  });

  test("one that breaks off gets nowhere", async () => {
    const fed = new FedBody();
    const pending = through({}, { method: "POST", body: fed.body }, echo);
    const error = new ProxyError("client-gone", "downstream", "gone");
    fed.body.fail(error);
    await expect(pending).rejects.toBe(error);
  });
});

describe("buffering an answer", () => {
  const answering =
    (body: Body | null, headers: [string, string][] = [], status = 200): Handler =>
    () =>
      new LazyResponse(status, HeaderList.from(headers), body);

  test("the client gets all of it at once, with its length", async () => {
    const fed = new FedBody();
    const pending = through({ memResponseBodyBytes: 1 }, {}, answering(fed.body, [["X-A", "1"]]));
    fed.push("abc");
    fed.body.finish();
    const { response, exchange } = await pending;
    const body = response.takeBody()!;
    expect([body.length, response.headers.get("x-a")]).toEqual([3, "1"]);
    expect(new TextDecoder().decode(await body.bytes())).toBe("abc");
    exchange.finish();
  });

  test("500 where it is larger than it may be", async () => {
    const { response, exchange } = await through(
      { maxResponseBodyBytes: 5 },
      {},
      answering(Body.of(new Uint8Array(6)), [["X-A", "1"]]),
    );
    expect([response.status, await response.text()]).toEqual([500, "Internal Server Error"]);
    // Logs and metrics know what the server gave.
    expect(exchange.originBytes).toBe(6);
    expect([...response.headerList.entries()]).toEqual([]);
  });

  test("502 where it breaks off: nothing of it was sent", async () => {
    const fed = new FedBody();
    const pending = through({}, {}, answering(fed.body));
    fed.push("abc");
    fed.body.fail(new ProxyError("upstream-closed", "upstream", "closed"));
    expect((await pending).response.status).toBe(502);
  });

  test("leaves alone what has no body, or is an upgrade's", async () => {
    for (const status of [204, 304]) {
      const { response } = await through(
        {},
        {},
        answering(null, [["Content-Length", "9"]], status),
      );
      expect([response.status, response.headers.get("content-length")]).toEqual([status, "9"]);
    }
    const head = await through({}, { method: "HEAD" }, answering(null, [["Content-Length", "9"]]));
    expect(head.response.headers.get("content-length")).toBe("9");
    const own = new LazyResponse(101, new HeaderList(), null);
    const made = { upgrade: "websocket" };
    expect((await through({}, made, () => own)).response).toBe(own);
  });

  test("lets go of it where the client goes away", async () => {
    const fed = new FedBody();
    const { request, exchange } = makeRequest();
    const middleware = await makeWith(buffering, {}, { files: nodeFiles });
    const pending = Promise.resolve(middleware(answering(fed.body))(request, exchange));
    await Bun.sleep(0);
    exchange.abort(new ProxyError("client-gone", "downstream", "gone"));
    expect((await pending).status).toBe(499);
    expect(fed.heard).toContain("cancel: gone");
  });
});

describe("retryExpression", () => {
  const failing = (statuses: number[], bodies: string[]): Handler => {
    return async (request) => {
      const lazy = LazyRequest.of(request);
      lazy.target += "x";
      bodies.push(`${lazy.target} ${await lazy.text()}`);
      return new LazyResponse(statuses[bodies.length - 1] ?? 503, new HeaderList(), null);
    };
  };

  test("sends a request with a body again, as it first was", async () => {
    const bodies: string[] = [];
    const retryExpression = "IsNetworkError() && Attempts() <= 2";
    const made = { method: "POST", body: "data" };
    const handler = failing([502, 504, 502], bodies);
    const { response } = await through({ retryExpression }, made, handler);
    expect(response.status).toBe(502);
    expect(bodies).toEqual(["/x data", "/x data", "/x data"]);
  });

  test("no more than ten times, and never without a body", async () => {
    const bodies: string[] = [];
    const options = { retryExpression: "ResponseCode() == 503" };
    await through(options, { method: "POST", body: "data" }, failing([], bodies));
    expect(bodies).toHaveLength(11);
    bodies.length = 0;
    await through(options, {}, failing([], bodies));
    expect(bodies).toHaveLength(1);
  });

  test("knows Traefik's functions and operators", () => {
    const ended = { method: "POST", attempts: 2, status: 504 };
    const cases: [string, boolean][] = [
      ["IsNetworkError()", true],
      ['RequestMethod() == "POST"', true],
      ['RequestMethod() != "POST"', false],
      ["Attempts() < 2", false],
      ["Attempts() >= 2 && ResponseCode() > 500", true],
      ['RequestMethod() == "GET" || ResponseCode() == 504', true],
    ];
    for (const [expression, holds] of cases)
      expect([expression, retryCondition(expression)(ended)]).toEqual([expression, holds]);
    for (const wrong of ["Nothing()", "Attempts()", "Attempts() <", 'Attempts() < "a"'])
      expect(() => retryCondition(wrong)).toThrow();
  });
});
