import { expect, test } from "bun:test";
import { createSocket } from "node:dgram";
import { get } from "../../support/http/get.ts";
import { startRouter } from "../../support/router.ts";
import { attributesOf, startOtlpReceiver } from "../../support/servers/otlp-receiver.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const dynamic = (url: string) =>
  JSON.stringify({
    http: {
      routers: { app: { rule: "Host(`app.test`)", service: "app" } },
      services: { app: { loadBalancer: { servers: [{ url }] } } },
    },
  });

/** A UDP socket on 127.0.0.1, and the lines that it got. */
async function startLines() {
  const socket = createSocket("udp4");
  let text = "";
  socket.on("message", (message) => (text += message.toString()));
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${socket.address().port}`,
    lines: () => text.split("\n"),
    [Symbol.dispose]: () => socket.close(),
  };
}

test("StatsD, Datadog, InfluxDB and OTLP get what was counted", async () => {
  using upstream = startUpstream(answering(() => plain("hello")));
  using statsd = await startLines();
  using datadog = await startLines();
  await using receiver = await startOtlpReceiver();
  const writes: { path: string; token: string | null; text: string }[] = [];
  const influx = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const token = request.headers.get("authorization");
      writes.push({ path: pathname + search, token, text: await request.text() });
      return new Response(null, { status: 204 });
    },
  });
  const soon = "pushInterval: 100ms";
  await using router = await startRouter({
    dynamic: dynamic(upstream.url),
    static: [
      "metrics:",
      `  statsD: {address: "${statsd.address}", ${soon}}`,
      `  datadog: {address: "${datadog.address}", ${soon}, prefix: edge}`,
      `  influxDB2: {address: "http://127.0.0.1:${influx.port}", ${soon}, token: t, org: o, bucket: b}`,
      `  otlp: {${soon}, grpc: {endpoint: "${receiver.grpcEndpoint}", insecure: true}}`,
      "",
    ].join("\n"),
  });
  for (let i = 0; i < 3; i++) await get(router.port, "/");
  const total = (name: string, lines: readonly string[]) =>
    lines
      .filter((line) => line.startsWith(`${name}:`))
      .reduce((sum, line) => sum + Number(/:([\d.]+)\|c/.exec(line)![1]), 0);
  await waitFor(
    "StatsD's",
    () => total("traefik.service.request.total", statsd.lines()) === 3 || undefined,
  );
  await waitFor(
    "Datadog's",
    () => total("edge.service.request.total", datadog.lines()) === 3 || undefined,
  );
  expect(datadog.lines().join("\n")).toContain("service:app@file");
  await waitFor("InfluxDB's", () =>
    writes.some(({ text }) => text.includes("traefik.service.requests.total,")),
  );
  expect(writes[0]).toMatchObject({
    path: "/api/v2/write?org=o&bucket=b&precision=ns",
    token: "Token t",
  });
  const latest = (name: string) =>
    receiver.metrics().findLast((metric: { name: string }) => metric.name === name);
  const histogram = await waitFor("OTLP's", () => {
    const found = latest("traefik_service_request_duration_seconds");
    return found?.histogram.dataPoints[0].count === "3" ? found : undefined;
  });
  expect(histogram.unit).toBe("s");
  const [point] = histogram.histogram.dataPoints;
  expect(point.explicitBounds).toHaveLength(14);
  expect(point.bucketCounts).toHaveLength(15);
  expect(histogram.histogram.aggregationTemporality).toBe(2);
  expect(attributesOf(point.attributes)).toEqual({
    service: "app@file",
    code: "200",
    method: "GET",
    protocol: "http",
  });
  expect(latest("traefik_config_reloads_total").sum).toMatchObject({
    isMonotonic: true,
    dataPoints: [{ asDouble: 1 }],
  });
  // Workers write down four times a second how many there are.
  const open = await waitFor("connections", () => latest("traefik_open_connections"));
  expect(open.gauge.dataPoints).toHaveLength(1);
  expect(
    attributesOf(latest("http.server.request.duration").histogram.dataPoints[0].attributes),
  ).toMatchObject({ "http.request.method": "GET", "http.response.status_code": 200 });
  expect(receiver.resource()).toMatchObject({ "service.name": "traefik" });
  influx.stop(true);
});
