import { describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { AutoRouter, Router } from "itty-router";
import { Exchange, NO_DOWNSTREAM } from "../../../../../src/http/exchange.ts";
import {
  type FetchContext,
  fetchHandlerService,
} from "../../../../../src/services/http/handler/fetch-handler.ts";
import { makeRequest } from "../../../../support/http/make-request.ts";

const load = (module: unknown) => fetchHandlerService(module, { name: "app.ts" });

async function ask(module: unknown, target = "/"): Promise<string> {
  const { request, exchange } = makeRequest({ target });
  return (await load(module)(request, exchange)).text();
}

describe("fetchHandlerService", () => {
  test("takes a Worker, a function, a fetch export, and Hono and itty-router apps", async () => {
    expect(await ask({ default: { fetch: () => new Response("worker") } })).toBe("worker");
    expect(await ask({ default: async () => new Response("function") })).toBe("function");
    expect(await ask({ fetch: () => new Response("export") })).toBe("export");
    const hono = new Hono().get("/h/:name", (c) =>
      c.text(`hono ${c.req.param("name")} ${c.req.query("q")}`),
    );
    expect(await ask({ default: hono }, "/h/x?q=1")).toBe("hono x 1");
    const itty = Router().get("/i/:name", ({ params }) => new Response(`itty ${params["name"]}`));
    expect(await ask({ default: itty }, "/i/x")).toBe("itty x");
    const auto = AutoRouter().get("/", () => "auto");
    expect(await ask({ default: auto })).toBe('"auto"');
  });

  test("keeps `this`, and passes request, environment and context", async () => {
    const app = {
      greeting: "hello",
      fetch(request: Request, env: { key: string }, context: FetchContext) {
        context.passThroughOnException();
        const { ip } = context.exchange.downstream.remote;
        return new Response(`${this.greeting} ${request.url} ${env.key} ${ip}`);
      },
    };
    const handler = fetchHandlerService(
      { default: app },
      { name: "app.ts", env: { key: "secret" } },
    );
    const { request, exchange } = makeRequest({ target: "/a?b" });
    expect(await (await handler(request, exchange)).text()).toBe(
      "hello http://example.com/a?b secret 192.0.2.7",
    );
  });

  test("answers at once where the module does", () => {
    const { request, exchange } = makeRequest();
    expect(load({ default: () => new Response("x") })(request, exchange)).toBeInstanceOf(Response);
  });

  test("the request can be copied with changes", async () => {
    const copying = (request: Request) => {
      const copy = new Request(request, { headers: { "x-new": "1" } });
      return new Response(`${copy.method} ${copy.url} ${copy.headers.get("x-new")}`);
    };
    const { request, exchange } = makeRequest({ method: "PUT", target: "/p" });
    expect(await (await load({ default: copying })(request, exchange)).text()).toBe(
      "PUT http://example.com/p 1",
    );
  });

  test("a text has its Content-Type, whatever the platform, and others have none", async () => {
    const { request, exchange } = makeRequest();
    const typeOf = async (make: () => Response) =>
      (await load({ default: make })(request, exchange)).headers.get("content-type")?.toLowerCase();
    expect(await typeOf(() => new Response("x"))).toBe("text/plain;charset=utf-8");
    expect(await typeOf(() => new Response("x", { headers: { "content-type": "a/b" } }))).toBe(
      "a/b",
    );
    expect(await typeOf(() => new Response(new Uint8Array(1)))).toBeUndefined();
    expect(await typeOf(() => new Response(null))).toBeUndefined();
    expect(await typeOf(() => Response.json({}))).toStartWith("application/json");
  });

  test("what throws, rejects or gives no Response fails", async () => {
    const { request, exchange } = makeRequest();
    const boom = new Error("boom");
    const throwing = load({
      default: () => {
        throw boom;
      },
    });
    expect(() => throwing(request, exchange)).toThrow(boom);
    expect(load({ default: () => Promise.reject(boom) })(request, exchange)).rejects.toBe(boom);
    for (const [result, found] of [
      [undefined, "undefined"],
      [null, "null"],
      ["text", "a string"],
      [{ status: 200 }, "an object of class Object"],
      [Response.error(), "Response.error()"],
    ] as const) {
      const message = `module app.ts: fetch gave ${found}, expected a Response`;
      expect(() => load({ default: () => result })(request, exchange)).toThrow(message);
      await expect(load({ default: async () => result })(request, exchange)).rejects.toThrow(
        message,
      );
    }
  });

  test("a failure of left-behind work is logged", async () => {
    const logged: unknown[] = [];
    const handler = fetchHandlerService(
      {
        default(_request: Request, _env: unknown, context: FetchContext) {
          context.waitUntil(Promise.reject(new Error("late")));
          context.waitUntil(Promise.resolve());
          return new Response("done");
        },
      },
      {
        name: "app.ts",
        logger: { warn: (_message, fields) => void logged.push(fields), error() {} },
      },
    );
    await handler(new Request("http://x/"), new Exchange(NO_DOWNSTREAM));
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(logged).toEqual([{ module: "app.ts", error: "late" }]);
  });

  test("says what is wrong with a module", () => {
    const expected =
      "module app.ts: expected a default export with a fetch method, a default function or an export named fetch; found";
    expect(() => load({})).toThrow(`${expected} no exports`);
    expect(() => load({ handler() {}, other: 1 })).toThrow(
      `${expected} only the exports handler, other`,
    );
    expect(() => load({ default: 42 })).toThrow(`${expected} a default export that is a number`);
    expect(() => load({ default: { handle() {} } })).toThrow(
      `${expected} a default export that is an object of class Object`,
    );
  });
});
