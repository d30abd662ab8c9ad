import { describe, expect, test } from "bun:test";
import { now } from "../../../../src/core/timers.ts";
import type { Exchange } from "../../../../src/http/exchange.ts";
import { DEFAULT_OBSERVABILITY } from "../../../../src/http/observability.ts";
import { MetricsBook } from "../../../../src/telemetry/metrics/metrics-book.ts";
import { metricsObserver } from "../../../../src/telemetry/metrics/metrics-observer.ts";
import type { MetricsSettings } from "../../../../src/telemetry/metrics/metrics-settings.ts";
import {
  codeOf,
  labelsOfKind,
  protocolOf,
} from "../../../../src/telemetry/metrics/request-kind.ts";
import { ownerKey, RequestMeters } from "../../../../src/telemetry/metrics/request-meters.ts";
import { HeaderList } from "../../../../src/wire/header-list.ts";
import { type MadeRequest, makeRequest, TLS } from "../../../support/http/make-request.ts";

const SETTINGS: MetricsSettings = {
  addInternals: false,
  owners: { entryPoint: true, router: true, service: true, server: true },
  bounds: [0.1, 1],
  headers: [],
};

/** One worker's way of requests, counted. */
function scene(settings: Partial<MetricsSettings> = {}, book = new MetricsBook([0.1, 1])) {
  const all = { ...SETTINGS, ...settings };
  const worker = book === undefined ? 0 : workers.next().value!;
  const meters = new RequestMeters(
    all.bounds,
    (news) => book.take(worker, structuredClone(news)),
    () => {},
  );
  const observer = metricsObserver(all, meters);
  const place = { observability: DEFAULT_OBSERVABILITY, internal: false };
  const request = (made: MadeRequest, ended: Partial<Exchange>, tries = 1) => {
    const { request, exchange } = makeRequest(made);
    const server = observer.service!({
      service: "s@file",
      serverUrl: "http://10.0.0.1",
      internal: false,
    })!(() => new Response());
    const route = observer.router!({ ...place, router: "r@file", rule: "", service: "s@file" })!(
      (inner, ex) => {
        for (let i = 1; i < tries; i++) {
          server(inner, ex);
          ex.originStatus = 502;
          ex.retries++;
        }
        return server(inner, ex);
      },
    );
    observer.entryPoint!({ ...place, entryPoint: "web" })!(route)(request, exchange);
    Object.assign(exchange, { status: 200, responseBytes: 5, ...ended });
    exchange.finish();
  };
  return { book, worker, meters, request };
}

function* numbers() {
  for (let i = 0; ; i++) yield i;
}
const workers = numbers();

const of = (book: MetricsBook, kind: string) =>
  book
    .requests()
    .filter(({ owner }) => owner.kind === kind)
    .map(({ owner: _, kind: number, ...rest }) => ({ ...labelsOfKind(number), ...rest }));

test("a request counts for its entrypoint, router, service and server", () => {
  const { book, request } = scene();
  request({ method: "POST" }, { requestBytes: 7, originStatus: 200 });
  request({ method: "POST" }, { requestBytes: 1, startedAt: now() - 500, originStatus: 200 });
  for (const kind of ["entryPoint", "router"]) {
    const [figures, ...others] = of(book, kind);
    expect(others).toEqual([]);
    expect(figures).toMatchObject({
      code: "200",
      method: "POST",
      protocol: "http",
      count: 2,
      requestBytes: 8,
      responseBytes: 10,
      counts: [1, 1, 0],
    });
    expect(figures.sum).toBeGreaterThanOrEqual(0.5);
  }
  expect(of(book, "service")).toMatchObject([{ code: "200", count: 2 }]);
  expect(of(book, "server")).toMatchObject([{ code: "200", count: 2 }]);
});

test("each try of a service counts, and tries beyond the first are retries", () => {
  const { book, request } = scene();
  request({}, { originStatus: 200 }, 3);
  expect(of(book, "service")).toMatchObject([
    { code: "502", count: 2 },
    { code: "200", count: 1 },
  ]);
  expect(of(book, "entryPoint")).toMatchObject([{ code: "200", count: 1 }]);
  const retries = book.read().filter(({ series }) => series.figure === "retries");
  expect(retries.map(({ numbers }) => numbers[0])).toEqual([2]);
});

describe("labels", () => {
  test.each<[string, MadeRequest, string]>([
    ["a plain request", {}, "http"],
    ["Accept of an event stream", { headers: [["Accept", "text/event-stream"]] }, "sse"],
    ["gRPC", { headers: [["Content-Type", "application/grpc+proto"]] }, "grpc"],
    ["gRPC for browsers", { headers: [["Content-Type", "application/grpc-web"]] }, "grpc-web"],
    ["any Accept", { headers: [["Accept", "*/*"]] }, "http"],
  ])("%s", (_, made, protocol) => {
    const { book, request } = scene();
    request(made, {});
    expect(of(book, "entryPoint")[0].protocol).toBe(protocol);
  });

  test("an upgrade to WebSocket", () => {
    const { lazy } = makeRequest();
    lazy.upgrade = "WebSocket";
    expect(protocolOf(lazy)).toBe(1);
  });

  test("methods of a client's own are one", () => {
    const { book, request } = scene();
    for (const method of ["BREW", "get", "PROPFIND"]) request({ method }, {});
    expect(of(book, "entryPoint")).toMatchObject([{ method: "EXTENSION_METHOD", count: 3 }]);
  });

  test("gRPC's code is that of the trailers, of the head, or Unknown", () => {
    const { exchange } = makeRequest();
    exchange.protocol = 3;
    expect(codeOf(exchange, 200)).toBe(2);
    exchange.responseHeaders = HeaderList.from([["Grpc-Status", "5"]]);
    expect(codeOf(exchange, 200)).toBe(5);
    exchange.responseTrailers = HeaderList.from([["Grpc-Status", "0"]]);
    expect(codeOf(exchange, 200)).toBe(0);
    exchange.responseTrailers = HeaderList.from([["Grpc-Status", "999"]]);
    expect(codeOf(exchange, 200)).toBe(2);
  });

  test("TLS and the values of headers", () => {
    const { book, request } = scene({ headers: ["x-team", "x-none"] });
    request({ tls: TLS, headers: [["X-Team", "red"]] }, {});
    const series = book.read().map((figures) => figures.series);
    expect(series).toContainEqual({
      figure: "tls",
      owner: { kind: "entryPoint", name: "web" },
      version: "1.3",
      cipher: "TLS_AES_128_GCM_SHA256",
    });
    expect(series).toContainEqual(
      expect.objectContaining({ figure: "labelled", values: ["red", ""] }),
    );
  });
});

test("what isn't to be counted isn't", () => {
  const settings = { ...SETTINGS, owners: { ...SETTINGS.owners, router: false } };
  const meters = new RequestMeters(
    settings.bounds,
    () => {},
    () => {},
  );
  const observer = metricsObserver(settings, meters);
  const place = { entryPoint: "web", observability: DEFAULT_OBSERVABILITY, internal: false };
  expect(observer.entryPoint!(place)).not.toBeNull();
  expect(observer.entryPoint!({ ...place, internal: true })).toBeNull();
  const off = { ...DEFAULT_OBSERVABILITY, metrics: false };
  expect(observer.entryPoint!({ ...place, observability: off })).toBeNull();
  expect(observer.router!({ ...place, router: "r@file", rule: "", service: "s@file" })).toBeNull();
});

describe("the book", () => {
  test("adds up workers, and keeps what one counted that has ended", () => {
    const book = new MetricsBook([0.1, 1]);
    const [first, second] = [scene({}, book), scene({}, book)];
    first.request({}, {});
    second.request({}, {});
    second.request({}, {});
    for (const { meters } of [first, second])
      meters.of({ kind: "entryPoint", name: "web" }).setConnections(4);
    expect(of(book, "entryPoint")).toMatchObject([{ count: 3 }]);
    expect(book.connections()).toEqual(new Map([["web", 8]]));
    book.ended(second.worker);
    expect(of(book, "entryPoint")).toMatchObject([{ count: 3 }]);
    expect(book.connections()).toEqual(new Map([["web", 4]]));
    first.request({}, {});
    expect(of(book, "entryPoint")).toMatchObject([{ count: 4 }]);
  });

  test("a router that is gone goes after one more look, and begins anew when it comes back", () => {
    const { book, meters, request } = scene();
    let told: readonly string[] = [];
    book.forgotten = (owners) => {
      told = owners;
      meters.forget(owners);
    };
    request({}, {});
    const others = [
      ownerKey({ kind: "entryPoint", name: "web" }),
      ownerKey({ kind: "service", name: "s@file" }),
      ownerKey({ kind: "server", name: "s@file", url: "http://10.0.0.1" }),
    ];
    book.setConfigured(new Set(others));
    expect(of(book, "router")).toHaveLength(1);
    book.sweep();
    expect(of(book, "router")).toEqual([]);
    expect(told).toEqual([ownerKey({ kind: "router", name: "r@file", service: "s@file" })]);
    expect(of(book, "service")).toMatchObject([{ count: 1 }]);
    request({}, {});
    expect(of(book, "router")).toMatchObject([{ count: 1 }]);
  });

  test("a worker has so many rows and no more", () => {
    let full = 0;
    let rows = 0;
    const meters = new RequestMeters(
      [],
      () => rows++,
      () => full++,
    );
    const meter = meters.of({ kind: "entryPoint", name: "web" });
    for (let i = 0; i < 100_010; i++) {
      const { exchange } = makeRequest();
      exchange.requestHeaders = HeaderList.from([["X-Id", String(i)]]);
      meter.countLabelled(0, exchange, ["x-id"]);
    }
    expect(rows).toBe(100_000);
    expect(full).toBe(1);
    // Clients choose the values: those beyond the rows aren't remembered.
    expect((meter as unknown as { single: Map<string, unknown> }).single.size).toBe(100_000);
    meters.forget([ownerKey({ kind: "entryPoint", name: "web" })]);
    meters.of({ kind: "entryPoint", name: "web" }).setConnections(1);
    expect(rows).toBe(100_001);
  });
});
