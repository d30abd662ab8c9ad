import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../../src/core/errors.ts";
import type { Handler } from "../../../src/http/handler.ts";
import { recovery } from "../../../src/request/recovery.ts";
import { makeRequest } from "../../support/http/make-request.ts";

type Entry = [level: string, message: string, fields: Record<string, unknown>];

async function run(handler: Handler, prepare?: (made: ReturnType<typeof makeRequest>) => void) {
  const log: Entry[] = [];
  const logger = {
    debug: (message: string, fields = {}) => void log.push(["debug", message, fields]),
    error: (message: string, fields = {}) => void log.push(["error", message, fields]),
  };
  const made = makeRequest({ target: "/x", method: "POST" });
  prepare?.(made);
  const response = await recovery(logger)(handler)(made.request, made.exchange);
  return { log, response, body: await response.text(), exchange: made.exchange };
}

describe("recovery", () => {
  test("passes a response on, with no Promise around it where there was none", () => {
    const response = new Response("fine");
    const { request, exchange } = makeRequest();
    const handler = recovery({ debug() {}, error() {} })(() => response);
    expect(handler(request, exchange)).toBe(response);
    expect(exchange.error).toBeNull();
  });

  for (const how of ["throws", "rejects"]) {
    test(`a handler that ${how} is a 500, logged at ERROR with its stack and causes`, async () => {
      const error = new Error("boom", { cause: new TypeError("below") });
      const { log, response, body, exchange } = await run(() => {
        if (how === "throws") throw error;
        return Promise.reject(error);
      });
      expect([response.status, body]).toEqual([500, "Internal Server Error\n"]);
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
      expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
      expect(exchange.error).toBe(error);
      expect(log).toHaveLength(1);
      const [level, , fields] = log[0];
      expect(level).toBe("error");
      expect(fields).toMatchObject({ remote: "192.0.2.7", request: "POST example.com/x", error });
      expect(fields.stack).toContain("recovery.test.ts");
      expect(fields.stack).toContain("caused by TypeError: below");
    });

    test(`a network failure that ${how} has its status, logged at DEBUG`, async () => {
      const error = new ProxyError("connect-failed", "upstream", "refused");
      const { log, response, body } = await run(() => {
        if (how === "throws") throw error;
        return Promise.reject(error);
      });
      expect([response.status, body]).toEqual([502, "Bad Gateway"]);
      expect(log.map(([level, message]) => [level, message])).toEqual([
        ["debug", "502 Bad Gateway"],
      ]);
    });
  }

  test("timeouts, and values that are no Error", async () => {
    const timeout = new ProxyError("response-timeout", "upstream", "slow");
    expect((await run(() => Promise.reject(timeout))).body).toBe("Gateway Timeout");
    const odd = await run(() => Promise.reject("just text"));
    expect([odd.response.status, odd.exchange.error, odd.log[0][2].stack]).toEqual([
      500,
      "just text",
      "",
    ]);
  });

  test("a client that went away is no error", async () => {
    const gone = new ProxyError("client-gone", "downstream", "gone");
    const { log, response } = await run(() => Promise.reject(gone));
    expect([response.status, log[0][0]]).toEqual([499, "debug"]);

    // As a handler that listens to request.signal sees it.
    const aborted = await run(
      () => Promise.reject(new DOMException("stop", "AbortError")),
      ({ exchange }) => exchange.abort(gone),
    );
    expect([aborted.response.status, aborted.log[0][0]]).toEqual([499, "debug"]);
  });

  test("a bug stays a bug, even where the client is gone", async () => {
    const { log } = await run(
      () => Promise.reject(new TypeError("x is not a function")),
      ({ exchange }) => exchange.abort(new ProxyError("client-gone", "downstream", "gone")),
    );
    expect(log[0][0]).toBe("error");
  });
});
