import { expect, test } from "bun:test";
import { noopHandler, pingHandler } from "../../../src/internal/internal-services.ts";
import { makeRequest } from "../../support/http/make-request.ts";

test("ping says OK until the end is near", async () => {
  let terminating = false;
  const ask = async (
    handler = pingHandler({ terminating: () => terminating }),
    target = "/ping",
  ) => {
    const { request, exchange } = makeRequest({ target });
    const response = await handler(request, exchange);
    return `${response.status} ${await response.text()}`;
  };
  expect(await ask()).toBe("200 OK");
  expect(await ask(undefined, "/health/of/mine?x=1")).toBe("200 OK");
  terminating = true;
  expect(await ask()).toBe("503 Service Unavailable");
  expect(await ask(pingHandler({ terminatingStatusCode: 204, terminating: () => true }))).toBe(
    "204 No Content",
  );
});

test("noop is a teapot", async () => {
  const { request, exchange } = makeRequest();
  expect((await noopHandler(request, exchange)).status).toBe(418);
});
