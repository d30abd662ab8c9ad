import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../../../src/core/errors.ts";
import { Body } from "../../../../src/http/body.ts";
import type { Handler } from "../../../../src/http/handler.ts";
import { LazyRequest } from "../../../../src/http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../../src/http/lazy/lazy-response.ts";
import { errors } from "../../../../src/middlewares/http/errors.ts";
import type { HttpMiddlewareOptions } from "../../../../src/middlewares/http/http-middleware.ts";
import { HeaderList } from "../../../../src/wire/header-list.ts";
import { type MadeRequest, makeRequest, TLS } from "../../../support/http/make-request.ts";
import { apply, makeWith } from "./apply.ts";

type Options = HttpMiddlewareOptions<"errors">;

/** What became of an answer with that status, and what the page's service was asked. */
async function through(status: number, options: Options, made: MadeRequest = {}) {
  const asked: LazyRequest[] = [];
  const page: Handler = (request) => {
    asked.push(LazyRequest.of(request));
    return new LazyResponse(
      200,
      HeaderList.from([["X-Page", "1"]]),
      Body.of(new TextEncoder().encode("page")),
    );
  };
  const all = { service: "pages", ...options };
  const { response } = await apply(
    await makeWith(errors, all, { services: [page] }),
    made,
    () => new Response("own", { status, headers: { "X-Own": "1" } }),
  );
  return { response, question: asked[0], text: await response.text() };
}

describe("errors", () => {
  test("a page takes the place of answers in its ranges, and the status stays", async () => {
    const options = { status: ["404", "500-599"] };
    for (const [status, replaced] of [
      [200, false],
      [403, false],
      [404, true],
      [405, false],
      [499, false],
      [500, true],
      [599, true],
    ] as const) {
      const { response, text } = await through(status, options);
      expect([status, response.status, text]).toEqual([status, status, replaced ? "page" : "own"]);
      // Nothing is left of the answer.
      expect(response.headers.get("x-own")).toBe(replaced ? null : "1");
      expect(response.headers.get("x-page")).toBe(replaced ? "1" : null);
    }
  });

  test("statusRewrites give another status, 200 too", async () => {
    const statusRewrites = { "418": 404, "500-502": 503, "500-599": 200 };
    const options = { status: ["400-599"], statusRewrites, query: "/{status}-{originalStatus}" };
    for (const [from, to] of [
      [418, 404],
      [500, 503],
      [504, 200],
      [404, 404],
    ]) {
      const { response, question } = await through(from, options);
      expect([from, response.status, question.target]).toEqual([from, to, `/${to}-${from}`]);
    }
    expect((await through(418, options)).response.statusText).toBe("Not Found");
  });

  test("the page is asked for with GET, the request's host and its fields", async () => {
    const { question } = await through(
      500,
      { status: ["500"], query: "{status}.html?u={url}" },
      {
        method: "POST",
        host: "shop.test:81",
        target: "/a b'?q=1&x=~(2)",
        body: "body",
        headers: [
          ["Accept", "a/b"],
          ["Content-Type", "text/plain"],
          ["Content-Length", "4"],
          ["X-Forwarded-For", "203.0.113.9"],
        ],
      },
    );
    expect([question.method, question.host, question.hasBody]).toEqual([
      "GET",
      "shop.test:81",
      false,
    ]);
    expect(question.target).toBe(
      "/500.html?u=http%3A%2F%2Fshop.test%3A81%2Fa+b%27%3Fq%3D1%26x%3D~%282%29",
    );
    expect(question.forwardPeer).toBe(false);
    expect([...question.headerList.entries()]).toEqual([
      ["Accept", "a/b"],
      ["Content-Type", "text/plain"],
      ["X-Forwarded-For", "203.0.113.9"],
    ]);
    const secure = await through(500, { status: ["500"], query: "{url}" }, { tls: TLS });
    expect(secure.question.target).toStartWith("/https%3A%2F%2F");
    expect((await through(500, { status: ["500"] })).question.target).toBe("/");
  });

  test("errorRequestHeaders says which fields; an empty list, none", async () => {
    const headers: [string, string][] = [
      ["Accept", "a/b"],
      ["accept", "c/d"],
      ["Cookie", "e=f"],
    ];
    const fields = async (errorRequestHeaders: string[]) =>
      [
        ...(
          await through(500, { status: ["500"], errorRequestHeaders }, { headers })
        ).question.headerList.entries(),
      ].flat();
    expect(await fields(["ACCEPT", "X-None"])).toEqual(["Accept", "a/b", "accept", "c/d"]);
    expect(await fields([])).toEqual([]);
  });

  test("no page is asked for where the client went away", async () => {
    const { request, exchange } = makeRequest();
    const page = () => {
      throw new Error("it was asked for");
    };
    const options = { status: ["400-599"], service: "pages" };
    const middleware = await makeWith(errors, options, { services: [page] });
    exchange.abort(new ProxyError("client-gone", "downstream", "gone"));
    const response = await middleware(() => new Response(null, { status: 499 }))(request, exchange);
    expect(response.status).toBe(499);
  });

  test("what can't be right is said", async () => {
    const wrong: [Options, string][] = [
      [{ status: ["5xx"] }, 'found "5xx"'],
      [{ status: ["500,501"] }, 'found "500,501"'],
      [{ status: ["500"], statusRewrites: { x: 200 } }, 'found "x"'],
    ];
    for (const [options, message] of wrong)
      await expect(through(200, options)).rejects.toThrow(message);
    expect(() => errors.services!({ status: ["500"] })).toThrow("the service is missing");
    expect(errors.services!({ service: "pages" })).toEqual(["pages"]);
  });
});
