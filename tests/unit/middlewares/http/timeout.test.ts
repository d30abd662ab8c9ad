import { describe, expect, test } from "bun:test";
import type { ProxyError } from "../../../../src/core/errors.ts";
import { type Clock, Deadlines } from "../../../../src/core/timers.ts";
import { Exchange, NO_DOWNSTREAM } from "../../../../src/http/exchange.ts";
import { LazyResponse } from "../../../../src/http/lazy/lazy-response.ts";
import { timeout } from "../../../../src/middlewares/http/own/timeout.ts";
import { HeaderList } from "../../../../src/wire/header-list.ts";
import { makeRequest } from "../../../support/http/make-request.ts";
import { FedBody } from "../../../support/sockets/upstream-scene.ts";
import { make } from "./apply.ts";

/** A clock that stands still until it is moved; nothing wakes by itself. */
class StillClock implements Clock {
  time = 1000;
  now = () => this.time;
  wake = () => () => {};
}

function scene() {
  const clock = new StillClock();
  const deadlines = new Deadlines(250, clock);
  const pass = (milliseconds: number) => {
    clock.time += milliseconds;
    deadlines.sweep(clock.time);
  };
  return { deadlines, pass };
}

const never = () => new Promise<Response>(() => {});

describe("timeout", () => {
  test("gives up what has not begun to answer, once", () => {
    const { deadlines, pass } = scene();
    const given: ProxyError[] = [];
    const { request } = makeRequest();
    const exchange = new Exchange({
      ...NO_DOWNSTREAM,
      giveUp: (error) => void given.push(error),
    });
    void make(timeout, { response: 200 }, { deadlines })(never)(request, exchange);
    pass(199);
    expect(given).toEqual([]);
    pass(1);
    pass(1000);
    expect(given.map(({ code }) => code)).toEqual(["response-timeout"]);
  });

  test("aborts the exchange where there is no connection to answer on", () => {
    const { deadlines, pass } = scene();
    const { request, exchange } = makeRequest();
    void make(timeout, { response: 200 }, { deadlines })(never)(request, exchange);
    pass(200);
    expect(exchange.aborted?.code).toBe("response-timeout");
  });

  test("leaves alone what has answered, failed or lost its client", async () => {
    const { deadlines, pass } = scene();
    const limit = make(timeout, { response: 200 }, { deadlines });
    const made = makeRequest();
    await limit(async () => new Response())(made.request, made.exchange);
    const failing = makeRequest();
    const broken = async () => Promise.reject(new Error("broken"));
    const failed = limit(broken)(failing.request, failing.exchange) as Promise<Response>;
    await expect(failed).rejects.toThrow("broken");
    const left = makeRequest();
    void limit(never)(left.request, left.exchange);
    left.exchange.finish();
    pass(1000);
    for (const { exchange } of [made, failing, left]) expect(exchange.aborted).toBeNull();
  });

  test("breaks off a body that stops, but not one whose reader does", async () => {
    const { deadlines, pass } = scene();
    const fed = new FedBody();
    const { request, exchange } = makeRequest();
    const answer = make(
      timeout,
      { idle: 200 },
      { deadlines },
    )(() => new LazyResponse(200, new HeaderList(), fed.body))(request, exchange) as Response;
    const heard: string[] = [];
    const body = LazyResponse.of(answer).takeBody()!;
    body.pipe({
      bodyChunk: (bytes, start, end) =>
        void heard.push(new TextDecoder().decode(bytes.subarray(start, end))),
      bodyFlush() {},
      bodyEnd: () => void heard.push("end"),
      bodyFail: ({ code }) => void heard.push(code),
    });
    for (const piece of ["a", "b", "c"]) {
      pass(150);
      fed.push(piece);
    }
    body.pause();
    fed.push("d");
    pass(10_000);
    body.resume();
    pass(199);
    expect(heard.join("")).toBe("abcd");
    pass(1);
    expect(heard.at(-1)).toBe("response-timeout");
    expect(fed.heard.at(-1)).toStartWith("cancel");
  });

  test("refuses to be no limit", () => {
    for (const options of [{}, { response: 0 }, { response: 0, idle: 0 }])
      expect(() => make(timeout, options)).toThrow("expected response, idle or both above 0");
  });
});
