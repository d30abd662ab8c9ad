import { expect, test } from "bun:test";
import type { Handler } from "../../../src/http/handler.ts";
import { LazyResponse } from "../../../src/http/lazy/lazy-response.ts";
import { altSvc, http3Advertisement } from "../../../src/request/alt-svc.ts";
import { makeRequest, TLS } from "../../support/http/make-request.ts";

const served: Handler = () =>
  new Response("ok", { headers: { "Alt-Svc": 'h3=":1"', "X-Own": "1" } });

async function answer(
  handler: Handler,
  valueFor: (tlsOptions: string) => string | null,
  tls = true,
) {
  const { request, exchange } = makeRequest(tls ? { tls: TLS } : {});
  return LazyResponse.of(await altSvc(valueFor)(handler)(request, exchange));
}

test("the advertisement has the port and Traefik's lifetime of 30 days", () => {
  expect(http3Advertisement(443)).toBe('h3=":443"; ma=2592000');
});

test("over TLS the value is set, in place of the backend's", async () => {
  const response = await answer(served, () => http3Advertisement(8443));
  expect([...response.headerList.entries()].filter(([name]) => /^alt-svc$/i.test(name))).toEqual([
    ["Alt-Svc", 'h3=":8443"; ma=2592000'],
  ]);
  expect(response.headerList.first("x-own")).toBe("1");
  expect(await response.text()).toBe("ok");
});

test("a response that comes later has it as well, and a failure stays one", async () => {
  const later = await answer(
    () => Promise.resolve(new Response("late")),
    () => "value",
  );
  expect(later.headerList.first("alt-svc")).toBe("value");
  const failure = new Error("no");
  await expect(
    answer(
      () => Promise.reject(failure),
      () => "value",
    ),
  ).rejects.toBe(failure);
});

test("the TLS options of the connection decide: null leaves the response as it is", async () => {
  const asked: string[] = [];
  const response = await answer(served, (tlsOptions) => {
    asked.push(tlsOptions);
    return null;
  });
  expect(asked).toEqual(["default"]);
  expect(response.headerList.first("alt-svc")).toBe('h3=":1"');
});

test("without TLS nobody is asked, and nothing is set", async () => {
  const response = await answer(
    served,
    () => {
      throw new Error("asked");
    },
    false,
  );
  expect(response.headerList.first("alt-svc")).toBe('h3=":1"');
});
