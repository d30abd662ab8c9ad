import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../../src/core/errors.ts";
import { Body, type BodySink } from "../../../src/http/body.ts";
import { type Downstream, Exchange, NO_DOWNSTREAM } from "../../../src/http/exchange.ts";
import { LazyRequest } from "../../../src/http/lazy/lazy-request.ts";
import { LazyResponse } from "../../../src/http/lazy/lazy-response.ts";
import { UpstreamCall } from "../../../src/upstream/upstream-call.ts";
import { HeaderList } from "../../../src/wire/header-list.ts";

type Fields = Record<string, unknown>;

const DOWNSTREAM: Downstream = { ...NO_DOWNSTREAM };
const TARGET = { authority: "s.test", passHostHeader: true, basePath: "" };
const SOURCE = { pauseBody() {}, resumeBody() {}, cancelBody() {} };

/** Fields that may differ: what is kept on purpose, for the next one's use. */
const KEPT = ["parts", "steps", "added", "edited", "startedAt"];

/** Every field of an object that isn't in `but`, changed. */
function spoil(object: object, but: readonly string[]): void {
  const fields = object as Fields;
  for (const key of Object.keys(fields)) {
    if (but.includes(key)) continue;
    fields[key] =
      typeof fields[key] === "number"
        ? 77
        : typeof fields[key] === "boolean"
          ? !fields[key]
          : "spoilt";
  }
}

function expectFresh(again: object, fresh: object): void {
  const [a, b] = [again as Fields, fresh as Fields];
  expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort());
  for (const key of Object.keys(b)) {
    if (KEPT.includes(key)) expect([key, emptied(a[key])]).toEqual([key, emptied(b[key])]);
    else expect([key, a[key]]).toEqual([key, b[key]]);
  }
}

/** What may be kept is without entries. */
function emptied(value: unknown): unknown {
  return Array.isArray(value) && value.length === 0 ? null : typeof value === "number" ? 0 : value;
}

class Sink implements BodySink {
  holdsBytes = false;
  bodyChunk() {}
  bodyFlush() {}
  bodyEnd() {}
  bodyFail() {}
}

function requestOf(exchange: Exchange, path = "/"): LazyRequest {
  return LazyRequest.received(exchange, "GET", "http", "a.test", path, new HeaderList(), null);
}

function responseOf(exchange: Exchange): LazyResponse {
  return LazyResponse.received(exchange, 200, new HeaderList(), null, "OK");
}

describe("what is used again is as new", () => {
  test("an exchange", () => {
    const used = Exchange.begin(DOWNSTREAM);
    spoil(used, [
      "controller",
      "abortReason",
      "abortHooks",
      "call",
      "parts",
      "retained",
      "firstFinishHook",
      "secondFinishHook",
      "thirdFinishHook",
      "finishHooks",
    ]);
    used.recycle();
    const again = Exchange.begin(NO_DOWNSTREAM);
    expect(again).toBe(used);
    expectFresh(again, new Exchange(NO_DOWNSTREAM));
  });

  test("a request and its header list", () => {
    const exchange = Exchange.begin(DOWNSTREAM);
    const used = requestOf(exchange);
    const list = used.headerList;
    list.append("x-secret", "1");
    list.guard();
    list.set("X-Mine", "2");
    spoil(used, ["exchange", "headerList", "source", "headersView", "holder", "seen"]);
    exchange.recycle();
    const other = Exchange.begin(DOWNSTREAM);
    const headers = HeaderList.received(new Uint8Array(0), []);
    expect(headers).toBe(list);
    expect([[...headers.entries()], headers.has("x-mine"), headers.wasEdited("x-mine")]).toEqual([
      [],
      false,
      false,
    ]);
    const again = LazyRequest.received(other, "GET", "http", "a.test", "/", headers, null);
    expect(again).toBe(used);
    expectFresh(again, new LazyRequest(other, "GET", "http", "a.test", "/", headers, null));
  });

  test("a response", () => {
    const exchange = Exchange.begin(DOWNSTREAM);
    const used = responseOf(exchange);
    spoil(used, ["headerList", "source", "headersView", "holder", "seen", "tunnel", "adopted"]);
    exchange.recycle();
    const headers = new HeaderList();
    const again = LazyResponse.received(Exchange.begin(DOWNSTREAM), 200, headers, null, "OK");
    expect(again).toBe(used);
    expectFresh(again, new LazyResponse(200, headers, null, "OK"));
  });

  test("a body", () => {
    const used = Body.received(SOURCE, 3);
    used.push(new Uint8Array(3), 0, 3);
    used.finish(new HeaderList());
    used.pipe(new Sink());
    used.recycle();
    used.recycle();
    const again = Body.received(SOURCE, 5);
    expect(again).toBe(used);
    expectFresh(again, new Body(SOURCE, 5));
    expect(Body.received(SOURCE, 5)).not.toBe(again);
  });

  test("a call", () => {
    const exchange = Exchange.begin(DOWNSTREAM);
    const used = UpstreamCall.to(requestOf(exchange), TARGET);
    used.fresh = true;
    used.refusals = 2;
    used.chain((response) => response, null);
    used.answered(responseOf(exchange));
    used.deliver();
    exchange.recycle();
    const other = Exchange.begin(DOWNSTREAM);
    const request = requestOf(other);
    const again = UpstreamCall.to(request, TARGET);
    expect(again).toBe(used);
    expectFresh(again, new UpstreamCall(request, TARGET));
  });
});

describe("what may still be referred to is not used again", () => {
  const failure = new ProxyError("aborted", "internal", "test");
  test.each([
    ["that was retained", (exchange) => exchange.retain()],
    ["with a signal", (exchange) => exchange.signal],
    ["that was aborted", (exchange) => exchange.abort(failure)],
    ["that hears of an end before its time", (exchange) => exchange.onAbort(() => {})],
    ["with a call under way", (exchange) => UpstreamCall.to(requestOf(exchange), TARGET)],
    ["that was recycled already", (exchange) => exchange.recycle()],
  ] as [string, (exchange: Exchange) => unknown][])("an exchange %s", (_, use) => {
    const exchange = Exchange.begin(DOWNSTREAM);
    const request = requestOf(exchange, "/own");
    use(exchange);
    exchange.recycle();
    const next = [1, 2, 3].map(() => Exchange.begin(DOWNSTREAM));
    expect(new Set(next).size).toBe(3);
    if (next.includes(exchange)) return;
    expect(requestOf(next[0], "/other")).not.toBe(request);
    expect(request.target).toBe("/own");
  });

  test("a call that was awaited, and its response", async () => {
    const exchange = Exchange.begin(DOWNSTREAM);
    const call = UpstreamCall.to(requestOf(exchange), TARGET);
    const awaited = (call as unknown as Promise<Response>).then((response) => response);
    call.answered(responseOf(exchange));
    call.deliver();
    const response = await awaited;
    exchange.recycle();
    expect(responseOf(Exchange.begin(DOWNSTREAM))).not.toBe(response as unknown as LazyResponse);
  });

  test.each([
    ["headers", (message) => message.headers],
    ["stream", (message) => message.body],
    ["bytes", (message) => message.bytes()],
  ] as [string, (message: LazyRequest | LazyResponse) => unknown][])(
    "a message whose %s were taken",
    (_, use) => {
      const exchange = Exchange.begin(DOWNSTREAM);
      const request = requestOf(exchange);
      const response = responseOf(exchange);
      for (const message of [request, response]) {
        message.setBody(Body.of(new Uint8Array(1)));
        use(message);
      }
      exchange.recycle();
      const other = Exchange.begin(DOWNSTREAM);
      expect(requestOf(other)).not.toBe(request);
      expect(responseOf(other)).not.toBe(response);
    },
  );

  test("a body that is incomplete, whose sink can't tell what it holds, or that was read as a stream", async () => {
    const open = Body.received(SOURCE, 1);
    open.pipe(new Sink());
    const untold = Body.received(SOURCE, -1);
    untold.finish();
    untold.pipe({ bodyChunk() {}, bodyFlush() {}, bodyEnd() {}, bodyFail() {} });
    const streamed = Body.received(SOURCE, -1);
    streamed.finish();
    await new Response(streamed.stream()).arrayBuffer();
    const cancelled = Body.received(SOURCE, 1);
    cancelled.pipe(new Sink());
    cancelled.cancel(failure);
    const bodies = [open, untold, streamed, cancelled];
    for (const body of bodies) body.recycle();
    for (let i = 0; i < bodies.length; i++) expect(bodies).not.toContain(Body.received(SOURCE, 1));
  });
});
