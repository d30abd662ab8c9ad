import { describe, expect, test } from "bun:test";
import { ProcessState } from "../../../src/exporters/process-state.ts";
import { datagrams } from "../../../src/exporters/push/datagram-sender.ts";
import { influxdb2Lines } from "../../../src/exporters/push/influxdb2-lines.ts";
import { Deltas, type Sample, samplesOf } from "../../../src/exporters/push/samples.ts";
import { datadogLines, statsdLines } from "../../../src/exporters/push/statsd-lines.ts";
import { MetricsBook } from "../../../src/telemetry/metrics/metrics-book.ts";
import { requestKind } from "../../../src/telemetry/metrics/request-kind.ts";
import { RequestMeters } from "../../../src/telemetry/metrics/request-meters.ts";

const LABELS = { addEntryPointsLabels: true, addRoutersLabels: false, addServicesLabels: true };

function scene() {
  const book = new MetricsBook([0.1, 1]);
  const meters = new RequestMeters(
    book.bounds,
    (news) => book.take(0, news),
    () => {},
  );
  const state = new ProcessState();
  state.loaded([]);
  const web = meters.of({ kind: "entryPoint", name: "web" });
  meters.of({ kind: "router", name: "r", service: "s" }).count(requestKind(200, "GET", 0), 1, 1, 1);
  web.setConnections(3);
  const deltas = new Deltas();
  return { web, state, next: () => deltas.since(samplesOf(book, state, LABELS)) };
}

const GET_200 = requestKind(200, "GET", 0);

describe("what was counted since the last push", () => {
  test("for StatsD, without labels and in milliseconds", () => {
    const { web, state, next } = scene();
    web.count(GET_200, 0.0625, 10, 100);
    web.count(GET_200, 0.03125, 10, 100);
    web.count(requestKind(404, "GET", 0), 0.5, 0, 9);
    web.countTls("1.3", "X");
    const time = Math.floor(state.lastReload / 1000);
    expect(statsdLines("traefik", next())).toEqual([
      "traefik.entrypoint.request.total:3|c",
      "traefik.entrypoint.requests.bytes.total:20|c",
      "traefik.entrypoint.responses.bytes.total:209|c",
      "traefik.entrypoint.request.tls.total:1|c",
      "traefik.config.reload.total:1|c",
      "traefik.open.connections:3|g",
      `traefik.config.reload.lastSuccessTimestamp:${time}|g`,
      "traefik.entrypoint.request.duration:46.875|ms|@0.5",
      "traefik.entrypoint.request.duration:500|ms",
    ]);
    web.count(GET_200, 0.5, 0, 0);
    expect(statsdLines("p", next())).toEqual([
      "p.entrypoint.request.total:1|c",
      "p.open.connections:3|g",
      `p.config.reload.lastSuccessTimestamp:${time}|g`,
      "p.entrypoint.request.duration:500|ms",
    ]);
  });

  test("for Datadog, with tags and in seconds", () => {
    const { web, next } = scene();
    web.count(GET_200, 0.5, 1, 2);
    web.count(GET_200, 0.5, 1, 2);
    const tags = "|#entrypoint:web,code:200,method:GET,protocol:http";
    expect(datadogLines("traefik", next()).slice(1, 5)).toEqual(
      [
        `traefik.entrypoint.request.total:2|c${tags}`,
        `traefik.entrypoint.requests.bytes.total:2|c${tags}`,
        `traefik.entrypoint.responses.bytes.total:4|c${tags}`,
        `traefik.entrypoint.request.duration:0.5|h|@0.5${tags}`,
      ]
        .toSpliced(0, 0)
        .slice(0, 4),
    );
  });

  test("for InfluxDB, with percentiles", () => {
    const { web, next } = scene();
    for (let i = 0; i < 9; i++) web.count(GET_200, 0.0625, 0, 1);
    web.count(GET_200, 2, 0, 1);
    const lines = influxdb2Lines(next(), { "a b": "c,d" }, 1_700_000_000_000);
    const tags = ",a\\ b=c\\,d,code=200,entrypoint=web,method=GET,protocol=http";
    expect(lines).toContain(
      `traefik.entrypoint.requests.total${tags} count=10 1700000000000000000`,
    );
    expect(lines).toContain(
      `traefik.entrypoint.request.duration${tags} p50=0.0625,p90=0.0625,p95=2,p99=2 1700000000000000000`,
    );
    expect(lines).toContain("traefik.config.reload.total,a\\ b=c\\,d count=1 1700000000000000000");
  });
});

test("a router that came back counts from nothing", () => {
  const deltas = new Deltas();
  const sample = (value: number): Sample => ({
    owner: "router",
    what: "requests",
    type: "counter",
    labels: {},
    value,
  });
  const values = [5, 7, 2, 2].map((value) => deltas.since([sample(value)])[0]);
  expect(values.map((one) => (one === undefined ? 0 : (one as { value: number }).value))).toEqual([
    5, 2, 2, 0,
  ]);
});

test("lines go together as long as they fit", () => {
  const lines = Array.from({ length: 100 }, (_, i) => `${"x".repeat(48)}${i % 10}`);
  const sizes = [...datagrams(lines)].map((datagram) => datagram.length);
  expect(sizes).toEqual([1400, 1400, 1400, 800]);
  expect([...datagrams([])]).toEqual([]);
});
