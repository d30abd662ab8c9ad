import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../../../scripts/paths.ts";
import { ProxyError } from "../../../../../src/core/errors.ts";
import type { Logger } from "../../../../../src/core/logger.ts";
import { LazyResponse } from "../../../../../src/http/lazy/lazy-response.ts";
import type { HttpMiddlewareOptions } from "../../../../../src/middlewares/http/http-middleware.ts";
import { plugin } from "../../../../../src/middlewares/http/plugin/plugin.ts";
import type {
  Plugin,
  PluginContext,
} from "../../../../../src/middlewares/http/plugin/plugin-types.ts";
import { TLS } from "../../../../support/http/make-request.ts";
import { silentLogger } from "../../../core/silent-logger.ts";
import { apply, middlewareContext } from "../apply.ts";

const said: string[] = [];
const logger: Logger = silentLogger({
  error: (message, fields) => void said.push(`${message}: ${fields?.["error"]}`),
});

async function make(
  exported: unknown,
  configuration: HttpMiddlewareOptions<"plugin"> = { mine: { module: "/x.ts", word: "hi" } },
) {
  said.length = 0;
  const context = middlewareContext({
    logger,
    module: () => ({ version: "1", load: async () => ({ default: exported }) }),
  });
  return plugin.create(configuration, context, await plugin.inputs!(configuration, context));
}

const typed = (made: Plugin<{ word: string }>) => made;

describe("a plugin", () => {
  test("has its options, changes the request and the response in place", async () => {
    const { middleware } = await make(
      typed(({ word }) => (next) => async (request, { ip, router, tls }) => {
        request.headers.set("x-word", `${word} ${ip} ${router} ${tls}`);
        const response = await next(request);
        response.headers.set("x-out", "yes");
        return response;
      }),
    );
    const { lazy, response } = await apply(middleware);
    expect(lazy.headerList.first("x-word")).toBe("hi 192.0.2.7  null");
    expect(response.headers.get("x-out")).toBe("yes");
    expect(await response.text()).toBe("backend");
  });

  test("answers itself, or asks with another request", async () => {
    const { middleware } = await make(
      typed(() => (next) => async (request, context) => {
        if (request.method !== "GET") return new Response("no", { status: 405 });
        const other = new Request("http://other.test/path?x", { headers: { "x-new": "1" } });
        return next(other, context);
      }),
    );
    const refused = await apply(middleware, { method: "POST" });
    expect([refused.reached, refused.response.status]).toEqual([false, 405]);
    const { response } = await apply(middleware, {}, (request) => {
      return new Response(`${request.url} ${request.headers.get("x-new")}`);
    });
    expect(await response.text()).toBe("http://other.test/path?x 1");
  });

  test.each<[string, Plugin<{ word: string }>, string]>([
    [
      "throws",
      () => () => () => {
        throw new Error("oh");
      },
      "oh",
    ],
    [
      "rejects",
      () => () => async () => {
        throw new Error("oh");
      },
      "oh",
    ],
    [
      "gives no Response",
      () => () => () => "text" as never,
      "the handler gave a string, expected a Response",
    ],
    ["gives nothing", () => () => () => undefined as never, "the handler gave undefined"],
    [
      "asks with no Request",
      () => (next) => () => next("x" as never),
      "expected a Request, found a string",
    ],
    [
      "asks for no client",
      () => (next) => () => next(new Request("http://x")),
      "needs the handler's context",
    ],
  ])("that %s is answered 500, and the log says why", async (_, made, message) => {
    const { middleware } = await make(made);
    const { response } = await apply(middleware);
    expect(response.status).toBe(500);
    expect(said).toEqual([expect.stringContaining(`A plugin failed: `)]);
    expect(said[0]).toContain(message);
  });

  test("what the service threw is the service's failure", async () => {
    const { middleware } = await make(typed(() => (next) => (request) => next(request)));
    const error = new ProxyError("connect-failed", "upstream", "refused");
    const answer = apply(middleware, {}, () => Promise.reject(error));
    expect(await answer.catch((thrown) => thrown)).toBe(error);
    expect(said).toEqual([]);
  });

  test("hears of its end", async () => {
    let context: PluginContext | undefined;
    const made = await make(
      typed((_, given) => {
        context = given;
        return (next) => next as never;
      }),
    );
    expect(context!.name).toBe("test@file");
    expect(context!.signal.aborted).toBe(false);
    made.stop!();
    expect(context!.signal.aborted).toBe(true);
  });

  test("passes a response on as it is, body and all", async () => {
    const { middleware } = await make(typed(() => (next) => (request) => next(request)));
    const backend = LazyResponse.text(200, "lazy");
    const { response } = await apply(middleware, {}, () => backend);
    expect(response).toBe(backend);
  });

  test.each<[unknown, HttpMiddlewareOptions<"plugin">, string]>([
    [undefined, { mine: { module: "/x.ts" } }, "expected a default export"],
    [
      () => 1,
      { mine: { module: "/x.ts" } },
      "expected (options) => (next) => handler, found a number",
    ],
    [
      () => () => 1,
      { geoblock: { countries: ["DE"] } },
      'plugin "geoblock": Traefik\'s plugins are Go programs',
    ],
    [
      () => () => 1,
      { a: { module: "/a.ts" }, b: { module: "/b.ts" } },
      "expected one plugin, found a, b",
    ],
  ])("%p with %j is refused", async (exported, configuration, message) => {
    expect(make(exported, configuration)).rejects.toThrow(message);
  });

  test("whose factory gives no handler is refused when a router uses it", async () => {
    const { middleware } = await make(() => () => 1);
    expect(() => middleware(() => new Response())).toThrow("expected a handler, found a number");
  });
});

test("the example of the page does what the page says", async () => {
  const page = readFileSync(join(ROOT, "docs/middlewares/traffic.md"), "utf8");
  const [, text] = /```ts\n([\s\S]*?)```/.exec(page)!;
  const directory = mkdtempSync(join(tmpdir(), "sluice-plugin-"));
  try {
    const path = join(directory, "minimum-version.ts");
    writeFileSync(path, text);
    const { default: exported } = await import(path);
    const { middleware } = await make(exported, { mine: { module: path, version: "1.3" } });
    const old = await apply(middleware, { tls: { ...TLS, version: "1.2" } });
    expect([old.reached, old.response.status]).toEqual([false, 426]);
    const { lazy, response } = await apply(middleware, { tls: TLS });
    expect(lazy.headerList.first("x-client")).toBe("192.0.2.7");
    expect(response.headers.get("x-checked")).toBe("yes");
  } finally {
    rmSync(directory, { recursive: true });
  }
});
