import { expect, test } from "bun:test";
import { otlpRequest } from "../../../../src/exporters/otlp/otlp-request.ts";
import { DEFAULT_OBSERVABILITY } from "../../../../src/http/observability.ts";
import type { ItemBatch } from "../../../../src/telemetry/otlp/item-batch.ts";
import { propagatorsOf } from "../../../../src/telemetry/tracing/propagators.ts";
import { RandomIds } from "../../../../src/telemetry/tracing/random-ids.ts";
import { safeQuery, serverFacts } from "../../../../src/telemetry/tracing/safe-url.ts";
import { Tracer } from "../../../../src/telemetry/tracing/tracer.ts";
import { tracingObserver } from "../../../../src/telemetry/tracing/tracing-observer.ts";
import { makeRequest } from "../../../support/http/make-request.ts";
import { type Decoded, OTLP_TYPES } from "../../../support/servers/otlp-schemas.ts";

const SETTINGS = {
  addInternals: false,
  sampleRate: 1,
  propagators: propagatorsOf(undefined),
  requestHeaders: [],
  responseHeaders: [],
  safeQueryParams: new Set<string>(),
  batch: 1000,
  delay: 60_000,
};
const NOT_METERED = { entryPoint: false, router: false, service: false };

test("ids are random digits, and none comes twice", () => {
  const ids = new RandomIds();
  const seen = new Set<string>();
  for (let i = 0; i < 10_000; i++) {
    const [trace, span] = [ids.trace(0x12345678), ids.span()];
    expect(trace).toMatch(/^[0-9a-f]{16}12345678[0-9a-f]{8}$/);
    expect(span).toMatch(/^[0-9a-f]{16}$/);
    seen.add(trace).add(span);
  }
  expect(seen.size).toBe(20_000);
});

test.each([
  ["", [], ""],
  ["b=2&a=1&b=3", [], "a=REDACTED&b=REDACTED"],
  ["b=2&a=1&b=3", ["b"], "a=REDACTED&b=2&b=3"],
  ["a=%20x&c", ["a", "c"], "a=+x&c="],
])("a query %p with %p safe", (query, safe, shown) => {
  expect(safeQuery(query, new Set(safe))).toBe(shown);
});

test("a server's URL has its user hidden", () => {
  expect(serverFacts("https://u:p@[::1]:8443/x")).toEqual({
    origin: "https://REDACTED:REDACTED@[::1]:8443",
    scheme: "https",
    hostname: "::1",
    port: 8443,
  });
  expect(serverFacts("h2c://a.test")).toMatchObject({ origin: "http://a.test", port: 80 });
});

test("each try has a span of its own, retries below one that counts them", () => {
  const batches: ItemBatch[] = [];
  const tracer = new Tracer(SETTINGS, (batch) => batches.push(batch));
  const observer = tracingObserver(tracer, NOT_METERED);
  const observability = { ...DEFAULT_OBSERVABILITY, traceVerbosity: "detailed" as const };
  const server = observer.service!({
    service: "s@file",
    serverUrl: "http://10.0.0.1",
    internal: false,
  })!(() => new Response());
  const { request, lazy, exchange } = makeRequest({ headers: [["X", "y"]] });
  observer.entryPoint!({ entryPoint: "web", observability, internal: false })!((inner, ex) => {
    server(inner, ex);
    ex.originStatus = 502;
    ex.retries = 1;
    return server(inner, ex);
  })(request, exchange);
  exchange.originStatus = 200;
  exchange.status = 200;
  exchange.finish();
  tracer.flush();
  const body = otlpRequest({ resource: [["a", 1]], scope: "s", version: "" }, batches[0].items);
  const decoded = OTLP_TYPES.traces.decode(body).resourceSpans[0].scopeSpans[0];
  const hex = (bytes: unknown) => Buffer.from(bytes as Uint8Array).toString("hex");
  const spans: Decoded[] = decoded.spans;
  expect(spans.map(({ name }) => name)).toEqual([
    "GET",
    "Service",
    "ReverseProxy",
    "Retry",
    "Service",
    "ReverseProxy",
  ]);
  expect(batches[0].count).toBe(6);
  const parents = spans.map(({ parentSpanId }) =>
    spans.findIndex(({ spanId }) => hex(spanId) === hex(parentSpanId ?? [])),
  );
  expect(parents).toEqual([-1, 0, 1, 0, 3, 4]);
  const counts = spans[3].attributes.map((one: Decoded) => [one.key, Number(one.value.intValue)]);
  expect(counts).toEqual([["http.request.resend_count", 1]]);
  expect(lazy.headerList.all("traceparent")).toEqual([
    `00-${hex(spans[0].traceId)}-${hex(spans[5].spanId)}-01`,
  ]);
});

test("the sample rate holds, and a trace's id decides", () => {
  const tracer = new Tracer({ ...SETTINGS, sampleRate: 0.25 }, () => {});
  let sampled = 0;
  for (let i = 0; i < 4000; i++) {
    const { lazy, exchange } = makeRequest();
    const trace = tracer.begin(lazy.headerList, exchange, false);
    const recorded = trace.begin("x", 3) !== null;
    expect(recorded).toBe(Number.parseInt(trace.traceId.slice(16, 24), 16) < 2 ** 30);
    if (recorded) sampled++;
  }
  expect(Math.abs(sampled - 1000)).toBeLessThan(200);
});
