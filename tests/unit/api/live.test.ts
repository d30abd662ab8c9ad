import { expect, test } from "bun:test";
import { live } from "../../../src/api/live.ts";
import { MetricsBook } from "../../../src/telemetry/metrics/metrics-book.ts";
import { requestKind } from "../../../src/telemetry/metrics/request-kind.ts";
import { RequestMeters } from "../../../src/telemetry/metrics/request-meters.ts";

interface Sums {
  readonly requests: number;
  readonly classes: Readonly<Record<string, number>>;
  readonly buckets: readonly number[];
}

/** The page's own module; what imports it elsewhere takes it for a text. */
const page: string = "../../../src/api/dashboard/live.browser.js";
const { between, percentile } = (await import(page)) as {
  between(
    before: Sums | undefined,
    after: Sums,
    seconds: number,
    bounds: number[],
  ): Sums & { rate: number };
  percentile(buckets: number[], bounds: number[], share: number): number | undefined;
};

const BOUNDS = [0.1, 1];

function counted(): MetricsBook {
  const book = new MetricsBook(BOUNDS);
  for (const worker of [0, 1]) {
    const meters = new RequestMeters(
      BOUNDS,
      (news) => book.take(worker, news),
      () => {},
    );
    const [ok, failed] = [requestKind(200, "GET", 0), requestKind(502, "PUT", 0)];
    const web = meters.of({ kind: "entryPoint", name: "web" });
    web.count(ok, 0.05, 10, 100);
    web.count(failed, 0.5, 10, 100);
    web.setConnections(3);
    meters.of({ kind: "router", name: "a@file", service: "s@file" }).count(ok, 5, 0, 0);
    meters.of({ kind: "router", name: "b@file", service: "s@file" }).count(ok, 0.05, 0, 0);
    for (let i = 0; i <= worker; i++)
      meters.of({ kind: "server", name: "s@file", url: `http://${worker}` }).count(ok, 0.05, 0, 0);
  }
  return book;
}

test("what all workers have counted is summed up, of those that were asked for", () => {
  const book = counted();
  const of = (query: string) => live(book, new URLSearchParams(query));
  expect(of("")).toMatchObject({ bounds: BOUNDS, connections: { web: 6 }, owners: {} });
  expect(of("").entryPoints["web"]).toEqual({
    requests: 4,
    classes: { "2": 2, "5": 2 },
    seconds: 1.1,
    requestBytes: 40,
    responseBytes: 400,
    buckets: [2, 2, 0],
  });
  const router = of("kind=router&name=a@file").owners;
  expect(Object.keys(router)).toEqual(["a@file"]);
  expect(router["a@file"].buckets).toEqual([0, 0, 2]);
  expect(Object.keys(of("kind=server&name=s@file").owners).sort()).toEqual([
    "http://0",
    "http://1",
  ]);
  expect(Object.keys(of("kind=server&top=1").owners)).toEqual(["http://1"]);
  expect(of("kind=nonsense&top=5").owners).toEqual({});
});

test("percentiles lie within their buckets", () => {
  expect(percentile([0, 0, 0], BOUNDS, 0.5)).toBeUndefined();
  expect(percentile([10, 0, 0], BOUNDS, 0.5)).toBeCloseTo(0.05);
  expect(percentile([5, 5, 0], BOUNDS, 0.9)).toBeCloseTo(0.82);
  expect(percentile([0, 0, 3], BOUNDS, 0.5)).toBe(1);
});

test("rates are of what happened between two answers, and never below nothing", () => {
  const before = { requests: 10, classes: { "2": 10 }, buckets: [10, 0, 0] };
  const after = { requests: 30, classes: { "2": 20, "5": 10 }, buckets: [20, 10, 0] };
  expect(between(before, after, 2, BOUNDS)).toMatchObject({
    rate: 10,
    classes: { "2": 5, "5": 5 },
  });
  expect(between(after, before, 2, BOUNDS).rate).toBe(0);
  expect(between(undefined, after, 2, BOUNDS).rate).toBe(15);
});
