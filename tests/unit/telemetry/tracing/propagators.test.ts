import { describe, expect, test } from "bun:test";
import { propagatorsOf } from "../../../../src/telemetry/tracing/propagators.ts";
import { HeaderList } from "../../../../src/wire/header-list.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";
const context = { traceId: TRACE, spanId: SPAN, sampled: true };

const extract = (name: string, ...headers: [string, string][]) =>
  propagatorsOf(name)[0].extract(HeaderList.from(headers));

describe.each(["tracecontext", "b3", "b3multi", "jaeger", "xray"])("%s", (name) => {
  test.each([true, false])("reads what it has written, sampled %p", (sampled) => {
    const headers = new HeaderList();
    propagatorsOf(name)[0].inject(headers, { ...context, sampled });
    expect(propagatorsOf(name)[0].extract(headers)).toEqual({ ...context, sampled });
  });

  test("takes nothing from headers that have none", () => {
    expect(extract(name, ["Accept", "*/*"])).toBeNull();
  });
});

test("ottrace has half of the trace's id", () => {
  const headers = new HeaderList();
  propagatorsOf("ottrace")[0].inject(headers, context);
  expect(propagatorsOf("ottrace")[0].extract(headers)).toEqual({
    ...context,
    traceId: TRACE.slice(16).padStart(32, "0"),
  });
});

test.each<[string, [string, string][], boolean | null]>([
  ["tracecontext", [["traceparent", `00-${TRACE}-${SPAN}-03`]], true],
  ["tracecontext", [["traceparent", `cc-${TRACE}-${SPAN}-01-more`]], true],
  ["tracecontext", [["traceparent", `00-${TRACE}-${SPAN}-01-more`]], null],
  ["tracecontext", [["traceparent", `ff-${TRACE}-${SPAN}-01`]], null],
  ["tracecontext", [["traceparent", `00-${TRACE.toUpperCase()}-${SPAN}-01`]], null],
  ["tracecontext", [["traceparent", `00-${"0".repeat(32)}-${SPAN}-01`]], null],
  ["tracecontext", [["traceparent", `00-${TRACE}-${"0".repeat(16)}-01`]], null],
  ["b3", [["b3", `${TRACE}-${SPAN}-d`]], true],
  ["b3", [["b3", `${TRACE}-${SPAN}`]], false],
  ["b3", [["b3", "0"]], null],
  [
    "b3",
    [
      ["X-B3-TraceId", TRACE],
      ["X-B3-SpanId", SPAN],
      ["X-B3-Flags", "1"],
    ],
    true,
  ],
  [
    "b3multi",
    [
      ["X-B3-TraceId", TRACE],
      ["X-B3-SpanId", SPAN],
      ["X-B3-Sampled", "true"],
    ],
    true,
  ],
  ["b3multi", [["X-B3-TraceId", TRACE]], null],
  ["jaeger", [["uber-trace-id", `${TRACE}%3A${SPAN}%3A0%3A1`]], true],
  ["jaeger", [["uber-trace-id", `${TRACE}:${SPAN}`]], null],
  [
    "xray",
    [
      [
        "X-Amzn-Trace-Id",
        `Self=1-2-3; Root=1-${TRACE.slice(0, 8)}-${TRACE.slice(8)}; Parent=${SPAN}; Sampled=0`,
      ],
    ],
    false,
  ],
  ["xray", [["X-Amzn-Trace-Id", "Root=x;Parent=y"]], null],
])("%s of %j: sampled %p", (name, headers, sampled) => {
  expect(extract(name, ...headers)).toEqual(sampled === null ? null : { ...context, sampled });
});

test("names are those of OTEL_PROPAGATORS", () => {
  expect(propagatorsOf(undefined)).toHaveLength(1);
  expect(propagatorsOf("tracecontext, B3,b3")).toHaveLength(2);
  expect(propagatorsOf("none")).toEqual([]);
  expect(() => propagatorsOf("b3,zipkin")).toThrow(
    'OTEL_PROPAGATORS: expected names of tracecontext, baggage, b3, b3multi, jaeger, xray, ottrace or none, found "zipkin"',
  );
});
