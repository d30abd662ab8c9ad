import { describe, expect, test } from "bun:test";
import { goJson, sorted } from "../../../../src/api/go/go-json.ts";
import { goValue } from "../../../../src/api/go/go-value.ts";
import { serviceSchema } from "../../../../src/config/dynamic/http-services.ts";
import { goDuration } from "../../../../src/core/go-duration.ts";

describe("durations are written as Go does", () => {
  test.each([
    [0, "0s"],
    [1, "1ms"],
    [1.5, "1.5ms"],
    [0.25, "250µs"],
    [100, "100ms"],
    [1000, "1s"],
    [1500, "1.5s"],
    [60_000, "1m0s"],
    [90_000, "1m30s"],
    [3_600_000, "1h0m0s"],
    [3_661_001, "1h1m1.001s"],
    [-1000, "-1s"],
  ])("%p milliseconds", (milliseconds, expected) => {
    expect(goDuration(milliseconds)).toBe(expected);
  });
});

describe("JSON is written as Go does", () => {
  test("with escapes, exact integers and a line break", () => {
    expect(goJson({ a: "<b> & c", n: 2n ** 63n - 1n, gone: undefined, list: [1, null] })).toBe(
      '{"a":"\\u003cb\\u003e \\u0026 c","n":9223372036854775807,"list":[1,null]}\n',
    );
  });

  test("with maps in the order of their names", () => {
    expect(goJson(sorted({ b: 1, a: 2 }))).toBe('{"a":2,"b":1}\n');
  });
});

test("a configuration is shown with Go's durations and without what is empty", () => {
  const service = serviceSchema.parse({
    loadBalancer: {
      servers: [{ url: "http://a", weight: 0 }],
      passHostHeader: false,
      healthCheck: { path: "/x", interval: "90s" },
      sticky: { cookie: { name: "c", secure: false } },
    },
  });
  expect(goValue(serviceSchema, service)).toEqual({
    loadBalancer: {
      sticky: { cookie: { name: "c" } },
      servers: [{ url: "http://a", weight: 0 }],
      healthCheck: {
        path: "/x",
        interval: "1m30s",
        timeout: "5s",
        followRedirects: true,
      },
      passHostHeader: false,
    },
  });
});
