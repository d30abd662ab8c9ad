import { expect, test } from "bun:test";
import type { Exchange } from "../../../src/http/exchange.ts";
import type { Handler, Middleware } from "../../../src/http/handler.ts";
import { LazyRequest } from "../../../src/http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../src/http/lazy/lazy-response.ts";
import { DEFAULT_OBSERVABILITY } from "../../../src/http/observability.ts";
import { explainHeaderObserver } from "../../../src/telemetry/explain-header.ts";
import { makeRequest } from "../../support/http/make-request.ts";

const TOKEN = "a long token 1234";
const PLACE = { entryPoint: "web", observability: DEFAULT_OBSERVABILITY, internal: false };

/** Sends a request through the entrypoint, two middlewares of these names, and a handler. */
async function ask(token: string | null, handler: (exchange: Exchange) => Response) {
  const observer = explainHeaderObserver(TOKEN);
  const pass: Middleware = (next) => next;
  let seen: string | null = "";
  let link: Handler = (request, exchange) => {
    seen = LazyRequest.of(request, exchange).headerList.first("sluice-explain");
    return handler(exchange);
  };
  for (const middleware of ["b@file", 'a"é@file'])
    link = observer.middleware!({ middleware, kind: "headers" })!(pass)(link);
  const headers: [string, string][] = token === null ? [] : [["Sluice-Explain", token]];
  const { request, exchange } = makeRequest({ headers });
  const response = await observer.entryPoint!(PLACE)!(link)(request, exchange);
  exchange.finish();
  return { told: response.headers.get("sluice-explain"), seen };
}

test("a request with the token is told its way, and no server sees the token", async () => {
  const { told, seen } = await ask(TOKEN, (exchange) => {
    exchange.router = "shop@file";
    exchange.service = "shop@docker";
    exchange.serverUrl = "http://10.0.0.6:8080";
    exchange.retries = 1;
    return new Response();
  });
  expect(told).toBe(
    'entryPoint="web", router="shop@file", middlewares=("a\\"%C3%A9@file" "b@file"), service="shop@docker", server="http://10.0.0.6:8080", retries=1',
  );
  expect(seen).toBeNull();
});

test("what a server says in the field is replaced", async () => {
  const { told } = await ask(TOKEN, () =>
    LazyResponse.of(new Response(null, { headers: { "Sluice-Explain": "lie" } })),
  );
  expect(told).toStartWith('entryPoint="web"');
});

test.each([null, "", TOKEN.slice(1), `${TOKEN}x`, TOKEN.replace("1", "2")])(
  "with %p it is told nothing",
  async (token) => {
    const { told, seen } = await ask(token, () => new Response());
    expect([told, seen]).toEqual([null, null]);
  },
);
