import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../../../../src/core/errors.ts";
import type { Handler } from "../../../../../src/http/handler.ts";
import { LazyRequest } from "../../../../../src/http/lazy/lazy-request.ts";
import type { HttpMiddlewareOptions } from "../../../../../src/middlewares/http/http-middleware.ts";
import { addPrefix } from "../../../../../src/middlewares/http/path/add-prefix.ts";
import { retry } from "../../../../../src/middlewares/http/retry/retry.ts";
import { type MadeRequest, makeRequest } from "../../../../support/http/make-request.ts";
import { freePort } from "../../../../support/sockets/free-port.ts";
import { startUpstream } from "../../../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../../../support/sockets/upstream-scripts.ts";
import { make } from "../apply.ts";
import { SocketClient } from "../socket-client.ts";

type Options = HttpMiddlewareOptions<"retry">;

using client = new SocketClient();

/** Sends a request through retry to each of these handlers in turn. */
async function through(options: Options, made: MadeRequest, ...tries: Handler[]) {
  const { request, lazy, exchange } = makeRequest(made);
  let count = 0;
  const middleware = make(retry, options);
  const response = await middleware((seen, given) => tries[count++](seen, given))(
    request,
    exchange,
  );
  return { status: response.status, text: await response.text(), count, lazy, exchange };
}

/** A service that answers with these statuses, one after the other, and what it was sent. */
function statuses(...list: number[]) {
  const bodies: string[] = [];
  const server = startUpstream(
    answering(({ text }) => {
      bodies.push(text);
      return plain(`try ${bodies.length}`, `${list[bodies.length - 1]} X`);
    }),
  );
  return { server, bodies };
}

const nowhere = async () => client.handler(`http://127.0.0.1:${await freePort()}`);

describe("retry, where the server can't be reached", () => {
  test("tries again, whatever the method, with the whole body", async () => {
    const { server, bodies } = statuses(200);
    using _ = server;
    const [none, there] = [await nowhere(), await client.handler(server.url)];
    for (const method of ["GET", "POST"]) {
      bodies.length = 0;
      const made = { method, body: method === "POST" ? "body" : null };
      const { status, count, exchange } = await through({ attempts: 3 }, made, none, none, there);
      expect([method, status, count, exchange.retries, exchange.error]).toEqual([
        method,
        200,
        3,
        2,
        null,
      ]);
      expect(bodies).toEqual([method === "POST" ? "body" : ""]);
    }
  });

  test("the last try's answer is the client's", async () => {
    const none = await nowhere();
    const found = await through({ attempts: 2 }, {}, none, none, none);
    expect([found.status, found.text, found.count]).toEqual([502, "Bad Gateway", 2]);
  });

  test("not where bytes were sent, nor where it is turned off", async () => {
    using closing = startUpstream(async (connection) => {
      await connection.request();
      connection.close();
    });
    const once = await client.handler(closing.url);
    expect((await through({ attempts: 3 }, {}, once, once, once)).count).toBe(1);
    // But where a status says so.
    expect((await through({ attempts: 3, status: ["502"] }, {}, once, once, once)).count).toBe(3);

    const none = await nowhere();
    const off = { attempts: 3, disableRetryOnNetworkError: true, status: ["503"] };
    expect((await through(off, {}, none, none)).count).toBe(1);
  });

  test("an answer that isn't the server's passes", async () => {
    const refused: Handler = () => new Response("no", { status: 401 });
    expect((await through({ attempts: 3 }, {}, refused)).status).toBe(401);
  });
});

describe("retry by status", () => {
  const status = ["500-503", "429"];

  test("tries again until another status comes, or no try is left", async () => {
    for (const [list, expected] of [
      [[503, 200], "200 try 2"],
      [[429, 500, 404], "404 try 3"],
      [[503, 503, 503], "503 try 3"],
      [[504], "504 try 1"],
    ] as const) {
      const { server } = statuses(...list);
      using _ = server;
      const there = await client.handler(server.url);
      const found = await through({ attempts: 3, status: [...status] }, {}, there, there, there);
      expect(`${found.status} ${found.text}`).toBe(expected);
    }
  });

  test("not for POST, PATCH and LOCK, unless they are to be", async () => {
    for (const [method, retryNonIdempotentMethod, count] of [
      ["POST", false, 1],
      ["PATCH", false, 1],
      ["LOCK", false, 1],
      ["PUT", false, 2],
      ["POST", true, 2],
    ] as const) {
      const { server, bodies } = statuses(503, 200);
      using _ = server;
      const there = await client.handler(server.url);
      const options = { attempts: 2, status, retryNonIdempotentMethod };
      const found = await through(options, { method, body: "data" }, there, there);
      expect([method, found.count]).toEqual([method, count]);
      expect(bodies).toEqual(Array(count).fill("data"));
    }
  });

  test("not for a body that is larger than is remembered", async () => {
    for (const [body, count] of [
      ["12345", 2],
      ["123456", 1],
    ] as const) {
      const { server } = statuses(503, 200);
      using _ = server;
      const there = await client.handler(server.url);
      const options = { attempts: 2, status, maxRequestBodyBytes: 5 };
      expect((await through(options, { method: "PUT", body }, there, there)).count).toBe(count);
    }
  });

  test("each try gets the request as the first one got it", async () => {
    const { server } = statuses(503, 503, 200);
    using _ = server;
    const there = await client.handler(server.url);
    const behind = make(addPrefix, { prefix: "/p" })((request, exchange) => {
      LazyRequest.of(request).headerList.append("X-Try", "1");
      return there(request, exchange);
    });
    const headers: [string, string][] = [["X-Own", "1"]];
    const made = { target: "/a", headers };
    await through({ attempts: 3, status }, made, behind, behind, behind);
    expect(server.requests.map(({ target }) => target)).toEqual(["/p/a", "/p/a", "/p/a"]);
    for (const request of server.requests)
      expect([request.header("x-own"), request.header("x-try")]).toEqual(["1", "1"]);
  });
});

describe("the time of retries", () => {
  const failing: Handler = () => new Response(null, { status: 503 });

  test("`timeout` ends them, and cuts no try", async () => {
    const slow: Handler = async () => {
      await Bun.sleep(30);
      return new Response(null, { status: 503 });
    };
    const options = { attempts: 5, status: ["503"], timeout: 20 };
    const found = await through(options, {}, slow, slow, slow, slow, slow);
    expect([found.status, found.count]).toEqual([503, 1]);
  });

  test("`initialInterval` puts a pause before each, which a client's end ends", async () => {
    const options = { attempts: 3, status: ["503"], initialInterval: 10 };
    const from = performance.now();
    expect((await through(options, {}, failing, failing, failing)).count).toBe(3);
    // Half of 10 ms and of 14 ms at the least.
    expect(performance.now() - from).toBeGreaterThan(11);

    const { request, exchange } = makeRequest();
    const long = make(retry, { ...options, initialInterval: 600_000 });
    let count = 0;
    const pending = long(() => {
      count++;
      return new Response(null, { status: 503 });
    })(request, exchange);
    exchange.abort(new ProxyError("client-gone", "downstream", "gone"));
    expect([(await pending).status, count]).toEqual([499, 1]);
  });
});

test("a single attempt is nothing but the next handler", () => {
  const next = () => new Response();
  expect(make(retry, { attempts: 1 })(next)).toBe(next);
});

test("an upgrade is tried again where the server can't be reached", async () => {
  using server = startUpstream(async (connection) => {
    await connection.readUntil("\r\n\r\n");
    await connection.send(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: a\r\n\r\n",
    );
  });
  const [none, there] = [await nowhere(), await client.handler(server.url)];
  const headers: [string, string][] = [["Upgrade", "a"]];
  const { request, exchange } = makeRequest({ headers, upgrade: "a" });
  const tries = [none, there];
  const middleware = make(retry, { attempts: 2, status: ["101"] });
  const response = await middleware((seen, given) => tries.shift()!(seen, given))(
    request,
    exchange,
  );
  expect(response.status).toBe(101);
});

test("what can't be right is said", () => {
  const wrong: [Options, string][] = [
    [{}, "attempts: expected 1 or more, found 0"],
    [{ attempts: 2, status: ["x"] }, 'found "x"'],
    [{ attempts: 2, disableRetryOnNetworkError: true }, "nothing is retried"],
  ];
  for (const [options, message] of wrong) expect(() => make(retry, options)).toThrow(message);
});
