import { expect, test } from "bun:test";
import { ProxyError } from "../../../../../../src/core/errors.ts";
import { Exchange, NO_DOWNSTREAM } from "../../../../../../src/http/exchange.ts";
import type { Handler } from "../../../../../../src/http/handler.ts";
import { LazyRequest } from "../../../../../../src/http/lazy/lazy-request.ts";
import { HealthVerdicts } from "../../../../../../src/services/health/health-verdicts.ts";
import { readClientField } from "../../../../../../src/services/http/handler/isolated/client-field.ts";
import { isolatedService } from "../../../../../../src/services/http/handler/isolated/isolated-service.ts";
import { serviceContext } from "../../made-services.ts";

/** A function with so many instances, which answer as they are told to. */
function scene(count: number) {
  const verdicts = new HealthVerdicts();
  const sockets = Array.from({ length: count }, (_, index) => `/run/fn.${index}`);
  const asked: string[] = [];
  const answers = new Map<string, Handler>();
  const context = serviceContext({
    verdicts,
    server:
      ({ url }) =>
      (request, exchange) => {
        asked.push(url.at(-1)!);
        return (answers.get(url) ?? (() => new Response("ok")))(request, exchange);
      },
  });
  const transport = { id: 1, transport: {} as never };
  const service = isolatedService(context, { sockets, transport });
  const url = (index: number) => `unix://${sockets[index]}`;
  return {
    asked,
    service,
    tell: (index: number, up: boolean) =>
      verdicts.tell([{ kind: "http", service: "s@file", server: url(index), up }]),
    /** The instance goes away with a request, which it may have seen. */
    breaks: (index: number, sent: boolean) =>
      answers.set(url(index), (_, exchange) => {
        exchange.error = new ProxyError(
          sent ? "upstream-closed" : "connect-failed",
          "upstream",
          "gone",
          { retryable: !sent },
        );
        return new Response("Bad Gateway", { status: 502 });
      }),
    heals: (index: number) => answers.delete(url(index)),
    ask: async (init?: RequestInit) => {
      const exchange = new Exchange({ ...NO_DOWNSTREAM, remote: { ip: "192.0.2.1", port: 7 } });
      const request = LazyRequest.of(new Request("https://fn.test/", init), exchange);
      const response = await service.handler(request, exchange);
      return { status: response.status, request };
    },
  };
}

test("a request waits for the first instance that is ready", async () => {
  const { ask, tell, asked, service } = scene(2);
  const waiting = ask();
  expect(asked).toEqual([]);
  tell(1, true);
  expect((await waiting).status).toBe(200);
  expect([asked, service.health!.up]).toEqual([["1"], true]);
});

test("the router says who asks, whatever the client says", async () => {
  const { ask, tell } = scene(1);
  tell(0, true);
  const { request } = await ask({ headers: { "Sluice-Client": "ping" } });
  expect(readClientField(request.headers.get("sluice-client"))).toEqual({
    remote: { ip: "192.0.2.1", port: 7 },
    scheme: "https",
    protocol: "HTTP/1.1",
  });
  expect(readClientField("ping")).toBeUndefined();
  expect(readClientField(null)).toBeUndefined();
});

test.each<[what: string, init: RequestInit, sent: boolean, status: number, instances: number]>([
  ["a GET goes on", {}, true, 200, 2],
  ["a DELETE goes on", { method: "DELETE" }, true, 200, 2],
  ["a POST that may have been seen does not", { method: "POST" }, true, 503, 1],
  ["one that was not sent does", { method: "POST" }, false, 200, 2],
  ["one with a body does not", { method: "PUT", body: "x" }, true, 503, 1],
])("where an instance goes away, %s", async (_, init, sent, status, instances) => {
  const { ask, tell, breaks, asked } = scene(2);
  tell(0, true);
  tell(1, true);
  breaks(0, sent);
  expect((await ask(init)).status).toBe(status);
  expect(asked).toHaveLength(instances);
});

test("an instance that is not there gets nothing until it is said to be ready; one response may break", async () => {
  const { ask, tell, breaks, heals, asked } = scene(2);
  tell(0, true);
  tell(1, true);
  breaks(0, false);
  for (let i = 0; i < 3; i++) expect((await ask()).status).toBe(200);
  expect(asked).toEqual(["0", "1", "1", "1"]);
  heals(0);
  tell(0, true);
  tell(1, false);
  expect((await ask()).status).toBe(200);
  breaks(0, true);
  expect((await ask({ method: "POST" })).status).toBe(503);
  heals(0);
  expect((await ask()).status).toBe(200);
  expect(asked.slice(4)).toEqual(["0", "0", "0"]);
});

test("a request ends two instances at the most", async () => {
  const { ask, tell, breaks, asked } = scene(4);
  for (const index of [0, 1, 2, 3]) {
    tell(index, true);
    breaks(index, true);
  }
  expect((await ask()).status).toBe(503);
  expect(asked).toHaveLength(2);
});
