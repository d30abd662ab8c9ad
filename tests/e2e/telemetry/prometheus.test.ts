import { expect } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toolPath } from "../../../scripts/tool-path.ts";
import { get } from "../../support/http/get.ts";
import { testWith } from "../../support/requires.ts";
import { startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

/** What the panels of boards for Traefik ask for, in the words of PromQL. */
const QUERIES = [
  "count(traefik_config_reloads_total)",
  'sum(rate(traefik_entrypoint_requests_total{entrypoint="web"}[1m])) by (entrypoint)',
  'sum(rate(traefik_service_requests_total{service=~"app.*"}[1m])) by (service, code)',
  "topk(15, label_replace(sum by (service, code) (rate(traefik_service_requests_total[1m])) > 0, 'service', '$1', 'service', '([^@]+)@.*'))",
  '(sum(rate(traefik_entrypoint_request_duration_seconds_bucket{le="0.3"}[1m])) by (job) + sum(rate(traefik_entrypoint_request_duration_seconds_bucket{le="1.2"}[1m])) by (job)) / 2 / sum(rate(traefik_entrypoint_request_duration_seconds_count[1m])) by (job)',
  "histogram_quantile(0.95, sum(rate(traefik_service_request_duration_seconds_bucket[1m])) by (le, service))",
  "sum(rate(traefik_service_responses_bytes_total[1m])) by (service)",
  "sum(traefik_open_connections) by (entrypoint)",
  "process_resident_memory_bytes",
];

testWith("prometheus", "promtool")(
  "promtool accepts the exposition, and a real Prometheus answers what boards ask",
  async () => {
    const [admin, port] = [await freePort(), await freePort()];
    using upstream = startUpstream(answering(() => plain("hello")));
    const dynamic = {
      http: {
        routers: { app: { rule: "Host(`app.test`)", service: "app" } },
        services: { app: { loadBalancer: { servers: [{ url: upstream.url }] } } },
      },
    };
    await using router = await startRouter({
      dynamic: JSON.stringify(dynamic),
      entryPoints: { admin },
      static: "metrics: {prometheus: {entryPoint: admin, addRoutersLabels: true}}\n",
    });
    await get(router.port, "/");
    const { text } = await get(admin, "/metrics");
    const check = Bun.spawn([toolPath("promtool")!, "check", "metrics"], {
      stdin: new Blob([text]),
      stdout: "pipe",
      stderr: "pipe",
    });
    const complaints = `${await new Response(check.stdout).text()}${await new Response(check.stderr).text()}`;
    // Traefik's names: a gauge of connections or times has no unit in its name.
    expect(complaints.split("\n").filter((line) => /error/i.test(line))).toEqual([]);
    const directory = mkdtempSync(join(tmpdir(), "sluice-prometheus-"));
    writeFileSync(
      join(directory, "prometheus.yml"),
      `global: {scrape_interval: 1s}
scrape_configs: [{job_name: sluice, static_configs: [{targets: ["127.0.0.1:${admin}"]}]}]
`,
    );
    const prometheus = Bun.spawn(
      [
        toolPath("prometheus")!,
        `--config.file=${join(directory, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(directory, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdout: "ignore", stderr: "ignore" },
    );
    try {
      const ask = async (query: string) => {
        const response = await fetch(
          `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`,
        );
        const { data } = (await response.json()) as {
          data?: { result: { value: [number, string] }[] };
        };
        return data?.result.filter(({ value }) => value[1] !== "NaN") ?? [];
      };
      for (const query of QUERIES) {
        await waitFor(
          query,
          async () => {
            await get(router.port, "/");
            return (await ask(query)).length > 0;
          },
          60_000,
        );
      }
    } finally {
      prometheus.kill();
      await prometheus.exited;
      rmSync(directory, { recursive: true, force: true });
    }
  },
  120_000,
);
