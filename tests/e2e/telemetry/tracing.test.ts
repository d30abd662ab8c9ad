import { describe, expect, test } from "bun:test";
import { get } from "../../support/http/get.ts";
import { type RouterOptions, startRouter } from "../../support/router.ts";
import {
  type OtlpReceiver,
  type Received,
  startOtlpReceiver,
} from "../../support/servers/otlp-receiver.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const dynamic = (url: string) =>
  JSON.stringify({
    http: {
      routers: {
        app: { rule: "Host(`app.test`)", service: "app", middlewares: ["strip"] },
        deep: {
          rule: "Host(`deep.test`)",
          service: "app",
          middlewares: ["strip"],
          observability: { traceVerbosity: "detailed" },
        },
        figures: { rule: "Host(`figures.test`)", service: "prometheus@internal" },
        quiet: { rule: "Host(`quiet.test`)", service: "app", observability: { tracing: false } },
        gone: { rule: "Host(`gone.test`)", service: "gone", middlewares: ["again"] },
        asked: { rule: "Host(`asked.test`)", service: "app", middlewares: ["ask"] },
      },
      middlewares: {
        strip: { stripPrefix: { prefixes: ["/x"] } },
        again: { retry: { attempts: 2 } },
        ask: { forwardAuth: { address: `${url}/may`, maxResponseBodySize: 100 } },
      },
      services: {
        app: { loadBalancer: { servers: [{ url }] } },
        gone: { loadBalancer: { servers: [{ url: "http://127.0.0.1:1" }] } },
      },
    },
  });

const QUICK = { OTEL_BSP_SCHEDULE_DELAY: "20" };
const start = (url: string, tracing: object, more: Partial<RouterOptions> = {}) =>
  startRouter({
    dynamic: dynamic(url),
    static: `tracing: ${JSON.stringify(tracing)}\n`,
    ...more,
    env: { ...QUICK, ...more.env },
  });

const spans = (receiver: OtlpReceiver, count: number) =>
  waitFor(`${count} spans`, () => {
    const all = receiver.spans();
    return all.length >= count ? all : undefined;
  });

const named = (all: readonly Received[], name: string) => all.filter((span) => span.name === name);

describe.each(["http", "grpc"] as const)("tracing over %s", (transport) => {
  test("tells of the request and of the try, as Traefik does", async () => {
    using upstream = startUpstream(answering(() => plain("hello", "200 OK", ["X-Out: 1"])));
    await using receiver = await startOtlpReceiver();
    const otlp =
      transport === "http"
        ? { http: { endpoint: receiver.httpUrl, headers: { "X-Key": "k" } } }
        : { grpc: { endpoint: receiver.grpcEndpoint, insecure: true, headers: { "X-Key": "k" } } };
    const tracing = {
      otlp,
      serviceName: "edge",
      resourceAttributes: { team: "red" },
      safeQueryParams: ["page"],
      capturedRequestHeaders: ["X-In", "User-Agent"],
      capturedResponseHeaders: ["X-Out"],
    };
    await using router = await start(upstream.url, tracing, {
      env: { OTEL_RESOURCE_ATTRIBUTES: "zone=a%20b" },
    });
    await get(router.port, "/x/y?page=2&key=secret", ["X-In: 1", "X-In: 2", "User-Agent: ua"]);
    const all = await spans(receiver, 2);
    expect(all).toHaveLength(2);
    const [server] = named(all, "GET");
    const [client] = named(all, "ReverseProxy");
    expect(server).toMatchObject({ kind: 2 });
    expect(server.parentSpanId ?? "").toBe("");
    expect(server.attributes).toMatchObject({
      entry_point: "web",
      "http.request.method": "GET",
      "network.protocol.version": "1.1",
      "http.request.body.size": 0,
      "url.path": "/x/y",
      "url.query": "key=REDACTED&page=2",
      "url.scheme": "http",
      "user_agent.original": "ua",
      "server.address": "app.test",
      "network.peer.address": "127.0.0.1",
      "client.address": "127.0.0.1",
      "http.response.status_code": 200,
      "http.request.header.x-in": ["1", "2"],
      "http.response.header.x-out": ["1"],
    });
    expect(server.attributes).not.toHaveProperty(["http.request.header.user-agent"]);
    expect(client).toMatchObject({
      kind: 3,
      traceId: server.traceId,
      parentSpanId: server.spanId,
    });
    expect(client.attributes).toMatchObject({
      "url.full": `${upstream.url}/y?key=REDACTED&page=2`,
      "server.address": "127.0.0.1",
      "server.port": Number(new URL(upstream.url).port),
      "http.response.status_code": 200,
    });
    const times = [server, client].flatMap((span) => [
      BigInt(span.startTimeUnixNano),
      BigInt(span.endTimeUnixNano),
    ]);
    expect(times[0] <= times[2] && times[2] <= times[3] && times[3] <= times[1]).toBe(true);
    expect(Math.abs(Number(times[1] / 1_000_000n) - Date.now())).toBeLessThan(600_000);
    expect(upstream.requests[0].fields).toContainEqual([
      "Traceparent",
      `00-${server.traceId}-${client.spanId}-01`,
    ]);
    expect(receiver.resource()).toMatchObject({
      "service.name": "edge",
      team: "red",
      zone: "a b",
    });
    expect(receiver.requests[0].headers).toMatchObject({ "x-key": "k" });
  });
});

test("verbosity, failures, routers that are quiet, sampling, other programs' decisions", async () => {
  using upstream = startUpstream(answering(() => plain("hello")));
  await using receiver = await startOtlpReceiver();
  await using router = await start(
    upstream.url,
    { otlp: { http: { endpoint: receiver.httpUrl } } },
    {
      workers: 1,
      static: `tracing: {sampleRate: 0, otlp: {http: {endpoint: "${receiver.httpUrl}"}}}
accessLog: {filePath: access.log, format: json}
metrics: {prometheus: {manualRouting: true}}
`,
    },
  );
  const id = "0af7651916cd43dd8448eb211c80319c";
  const from = (flags: string) => `traceparent: 00-${id}-b7ad6b7169203331-${flags}`;
  // Sampled out here, and by another program: nothing is recorded, and the server is told so.
  await get(router.port, "/");
  await get(router.port, "/", [from("00")]);
  expect(upstream.requests[0].fields.find(([name]) => name === "Traceparent")?.[1]).toMatch(
    /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/,
  );
  expect(upstream.requests[1].fields.find(([name]) => name === "Traceparent")?.[1]).toMatch(
    new RegExp(`^00-${id}-(?!b7ad6b7169203331)[0-9a-f]{16}-00$`),
  );
  await get(router.port, "/", ["Host: quiet.test", from("01")]);
  expect(upstream.requests[2].fields).toContainEqual([
    "traceparent",
    `00-${id}-b7ad6b7169203331-01`,
  ]);
  await get(router.port, "/x/y", ["Host: deep.test", from("01")]);
  await get(router.port, "/", ["Host: gone.test", from("01")]);
  await get(router.port, "/", ["Host: nobody.test", from("01")]);
  await get(router.port, "/", ["Host: asked.test", from("01")]);
  const all = await spans(receiver, 14);
  expect(all.map(({ name }) => name)).toEqual([
    "GET",
    "Metrics",
    "Router",
    "StripPrefix",
    "Service",
    "Metrics",
    "ReverseProxy",
    "GET",
    "ReverseProxy",
    "ReverseProxy",
    "GET",
    "GET",
    "AuthRequest",
    "ReverseProxy",
  ]);
  const deep = all.slice(0, 7);
  expect(deep[0]).toMatchObject({ traceId: id, parentSpanId: "b7ad6b7169203331" });
  for (let i = 1; i < deep.length; i++) expect(deep[i].parentSpanId).toBe(deep[i - 1].spanId);
  expect(deep.map(({ kind }) => kind)).toEqual([2, 1, 1, 1, 1, 1, 3]);
  expect(deep[1].attributes).toEqual({ "traefik.middleware.name": "metrics-entrypoint" });
  expect(deep[2].attributes).toEqual({
    "traefik.service.name": "app@file",
    "traefik.router.name": "deep@file",
    "http.route": "Host(`deep.test`)",
  });
  expect(deep[3].attributes).toEqual({ "traefik.middleware.name": "strip@file" });
  expect(deep[4].attributes).toEqual({ "traefik.service.name": "app@file" });
  expect(all[7]).toMatchObject({ status: { code: 2 } });
  expect(all[8]).toMatchObject({ name: "ReverseProxy", status: { code: 2 } });
  expect(all[8].status.message).not.toBe("");
  // 404 is the client's mistake.
  expect(all[10].attributes).toMatchObject({ "http.response.status_code": 404 });
  expect(all[10].status).toBeUndefined();
  expect(all[12]).toMatchObject({ kind: 3, parentSpanId: all[11].spanId });
  expect(all[12].attributes).toMatchObject({ "url.full": `${upstream.url}/may` });
  expect(
    upstream.requests.find(({ target }) => target === "/may")?.fields.map(([, value]) => value),
  ).toContain(`00-${id}-${all[12].spanId}-01`);
  const figures = await get(router.port, "/", ["Host: figures.test"]);
  expect(figures.text).toContain('traefik_service_retries_total{service="gone@file"} 1\n');
});

test("a receiver that is away costs no request, is said once, and gets what waited", async () => {
  using upstream = startUpstream(answering(() => plain("hello")));
  const first = await startOtlpReceiver();
  const { port } = new URL(first.httpUrl);
  await first[Symbol.asyncDispose]();
  await using router = await start(
    upstream.url,
    {},
    {
      static: `tracing: {otlp: {http: {endpoint: "http://127.0.0.1:${port}"}}}\nlog: {level: WARN}\n`,
    },
  );
  for (let i = 0; i < 3; i++) expect((await get(router.port, "/")).status).toBe(200);
  await waitFor("the complaint", () => router.program.stdout.includes("Exporting traces fails"));
  await using receiver = await startOtlpReceiver(Number(port));
  expect((await get(router.port, "/")).status).toBe(200);
  await spans(receiver, 8);
  await waitFor("the end of it", () =>
    router.program.stdout.includes("Exporting traces works again"),
  );
  expect(router.program.stdout.match(/Exporting traces fails/g)).toHaveLength(1);
});
