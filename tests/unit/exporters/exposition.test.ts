import { expect, test } from "bun:test";
import { staticSchema } from "../../../src/config/static/schema.ts";
import { mergedCounts } from "../../../src/exporters/merged-counts.ts";
import { ProcessState } from "../../../src/exporters/process-state.ts";
import { exposition } from "../../../src/exporters/prometheus/exposition.ts";
import { TextFormat } from "../../../src/exporters/prometheus/text-format.ts";
import { MetricsBook } from "../../../src/telemetry/metrics/metrics-book.ts";
import { requestKind } from "../../../src/telemetry/metrics/request-kind.ts";
import { RequestMeters } from "../../../src/telemetry/metrics/request-meters.ts";

const options = (prometheus: object) =>
  staticSchema.parse({ metrics: { prometheus } }).metrics!.prometheus!;

test("resolvers have their orders, their certificates and what fails", () => {
  const failure = (type: string | undefined, at: number, nextTry: number) => ({
    names: ["x.test"],
    error: "no",
    ...(type !== undefined && { type }),
    at,
    nextTry,
    tries: 1,
  });
  const facts = (notAfter: number) => ({
    names: ["a.test"],
    notBefore: 0,
    notAfter,
    issuer: "",
    serial: "1",
    renewalIdentifier: undefined,
  });
  const one = { resolver: "le", names: ["a.test"], renewAt: undefined };
  const state = {
    name: "le",
    kind: "acme" as const,
    orders: true,
    succeeded: 3,
    failed: 2,
    certificates: [
      { ...one, facts: facts(9_000_900), failure: undefined },
      { ...one, facts: facts(5_000_900), failure: failure("rateLimited", 3_000, 90_000) },
      { ...one, facts: undefined, failure: failure(undefined, 4_000, 80_000) },
    ],
  };
  const none = { ...state, name: "none", succeeded: 0, failed: 0, certificates: [] };
  const text = exposition(options({}), new MetricsBook([1]), new ProcessState(), {}, [state, none]);
  expect(text.split("\n").filter((line) => line.startsWith("sluice_"))).toEqual([
    'sluice_acme_certificates{resolver="le"} 2',
    'sluice_acme_certificates{resolver="none"} 0',
    'sluice_acme_failing_certificates{error="rateLimited",resolver="le"} 1',
    'sluice_acme_failing_certificates{error="other",resolver="le"} 1',
    'sluice_acme_first_not_after_timestamp_seconds{resolver="le"} 5000',
    'sluice_acme_last_failure_timestamp_seconds{resolver="le"} 4',
    'sluice_acme_next_attempt_timestamp_seconds{resolver="le"} 80',
    'sluice_acme_orders_total{outcome="succeeded",resolver="le"} 3',
    'sluice_acme_orders_total{outcome="failed",resolver="le"} 2',
    'sluice_acme_orders_total{outcome="succeeded",resolver="none"} 0',
    'sluice_acme_orders_total{outcome="failed",resolver="none"} 0',
  ]);
});

test("the text is Traefik's, names in order and labels by name", () => {
  const book = new MetricsBook([0.05, 0.1, 0.3, 1.2, 5]);
  const meters = new RequestMeters(
    book.bounds,
    (news) => book.take(0, news),
    () => {},
  );
  const kind = requestKind(200, "GET", 0);
  meters.of({ kind: "entryPoint", name: "web" }).count(kind, 0.03125, 3, 50);
  meters.of({ kind: "entryPoint", name: "web" }).count(kind, 0.0625, 0, 50);
  meters.of({ kind: "entryPoint", name: "web" }).setConnections(2);
  meters.of({ kind: "router", name: "r@file", service: "s@file" }).count(kind, 2, 0, 0);
  meters.of({ kind: "server", name: "s@file", url: "http://a" }).count(kind, 2, 0, 0);
  const state = new ProcessState();
  state.loaded([{ cn: 'a"\n', serial: "7", sans: ["b", "a"], notAfter: 1_700_000_000_500 }]);
  state.checkedServer({ kind: "http", service: "s@file", server: "http://a", up: false });
  const text = exposition(options({ addRoutersLabels: true }), book, state, { openFds: 9 });
  const lines = text
    .split("\n")
    .filter((line) => !/^# HELP|last_reload_success \d|start_time/.test(line));
  expect(lines).toEqual([
    "# TYPE process_open_fds gauge",
    "process_open_fds 9",
    "# TYPE traefik_config_last_reload_success gauge",
    "# TYPE traefik_config_reloads_total counter",
    "traefik_config_reloads_total 1",
    "# TYPE traefik_entrypoint_request_duration_seconds histogram",
    ...["0.1", "0.3", "1.2", "5", "+Inf"].map(
      (le) =>
        `traefik_entrypoint_request_duration_seconds_bucket{code="200",entrypoint="web",method="GET",protocol="http",le="${le}"} 2`,
    ),
    'traefik_entrypoint_request_duration_seconds_sum{code="200",entrypoint="web",method="GET",protocol="http"} 0.09375',
    'traefik_entrypoint_request_duration_seconds_count{code="200",entrypoint="web",method="GET",protocol="http"} 2',
    "# TYPE traefik_entrypoint_requests_bytes_total counter",
    'traefik_entrypoint_requests_bytes_total{code="200",entrypoint="web",method="GET",protocol="http"} 3',
    "# TYPE traefik_entrypoint_requests_total counter",
    'traefik_entrypoint_requests_total{code="200",entrypoint="web",method="GET",protocol="http"} 2',
    "# TYPE traefik_entrypoint_responses_bytes_total counter",
    'traefik_entrypoint_responses_bytes_total{code="200",entrypoint="web",method="GET",protocol="http"} 100',
    "# TYPE traefik_open_connections gauge",
    'traefik_open_connections{entrypoint="web",protocol="TCP"} 2',
    "# TYPE traefik_router_request_duration_seconds histogram",
    ...[
      ["0.1", 0],
      ["0.3", 0],
      ["1.2", 0],
      ["5", 1],
      ["+Inf", 1],
    ].map(
      ([le, count]) =>
        `traefik_router_request_duration_seconds_bucket{code="200",method="GET",protocol="http",router="r@file",service="s@file",le="${le}"} ${count}`,
    ),
    'traefik_router_request_duration_seconds_sum{code="200",method="GET",protocol="http",router="r@file",service="s@file"} 2',
    'traefik_router_request_duration_seconds_count{code="200",method="GET",protocol="http",router="r@file",service="s@file"} 1',
    "# TYPE traefik_router_requests_bytes_total counter",
    'traefik_router_requests_bytes_total{code="200",method="GET",protocol="http",router="r@file",service="s@file"} 0',
    "# TYPE traefik_router_requests_total counter",
    'traefik_router_requests_total{code="200",method="GET",protocol="http",router="r@file",service="s@file"} 1',
    "# TYPE traefik_router_responses_bytes_total counter",
    'traefik_router_responses_bytes_total{code="200",method="GET",protocol="http",router="r@file",service="s@file"} 0',
    "# TYPE traefik_service_server_up gauge",
    'traefik_service_server_up{service="s@file",url="http://a"} 0',
    "# TYPE traefik_tls_certs_not_after gauge",
    'traefik_tls_certs_not_after{cn="a\\"\\n",sans="a,b",serial="7"} 1700000000',
    "",
  ]);
});

test("with headers as labels, requests alone have them", () => {
  const book = new MetricsBook([0.1, 0.3, 1.2, 5]);
  const meters = new RequestMeters(
    book.bounds,
    (news) => book.take(0, news),
    () => {},
  );
  const kind = requestKind(404, "GET", 0);
  const meter = meters.of({ kind: "service", name: "s@file" });
  meter.count(kind, 1, 0, 0);
  meter.countLabelled(kind, { requestHeaders: null } as never, ["x-team"]);
  const text = exposition(
    options({ headerLabels: { team: "X-Team" } }),
    book,
    new ProcessState(),
    {},
  );
  expect(text).toContain(
    'traefik_service_requests_total{code="404",method="GET",protocol="http",service="s@file",team=""} 1\n',
  );
  expect(text.match(/^traefik_service_requests_total/gm)).toHaveLength(1);
  expect(text).not.toContain(
    'responses_bytes_total{code="404",method="GET",protocol="http",service="s@file",team',
  );
});

test("buckets are put together to fewer", () => {
  expect(mergedCounts([1, 2, 3, 4], [1, 2, 3], [2])).toEqual([3, 7]);
  expect(mergedCounts([1, 2, 3, 4], [1, 2, 3], [1, 2, 3])).toEqual([1, 2, 3, 4]);
  expect(mergedCounts([1, 2], [1], [])).toEqual([3]);
});

test("numbers and texts are as Go writes them", () => {
  const format = new TextFormat();
  format.family("a", "gauge", "b\\\n");
  format.sample("a", [], 1e-7);
  format.sample("a", [["l", '\\"\n']], Infinity);
  format.family("unused", "gauge", "");
  expect(format.toString()).toBe(
    '# HELP a b\\\\\\n\n# TYPE a gauge\na 1e-07\na{l="\\\\\\"\\n"} +Inf\n',
  );
});

test("functions are there by their instances", () => {
  const book = new MetricsBook([1]);
  const instance = { instance: 1, pid: 7, restarts: 2, memory: 4096, cpu: 1.5, latency: 250 };
  const text = exposition(options({}), book, new ProcessState(), {}, [], {
    "fn@file": [{ ...instance, status: "ready" }],
  });
  expect(text.split("\n").filter((line) => line.startsWith("sluice_"))).toEqual([
    'sluice_function_cpu_seconds_total{instance="1",service="fn@file"} 1.5',
    'sluice_function_memory_bytes{instance="1",service="fn@file"} 4096',
    'sluice_function_ping_seconds{instance="1",service="fn@file"} 0.25',
    'sluice_function_restarts_total{instance="1",service="fn@file"} 2',
    'sluice_function_up{instance="1",service="fn@file"} 1',
  ]);
});
