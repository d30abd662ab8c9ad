import { describe, expect, test } from "bun:test";
import { get } from "../../support/http/get.ts";
import { startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { answering, plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const dynamic = (url: string, routers: object = {}) =>
  JSON.stringify({
    http: {
      routers: {
        app: { rule: "Host(`app.test`)", service: "app", entryPoints: ["web"] },
        quiet: {
          rule: "Host(`quiet.test`)",
          service: "app",
          entryPoints: ["web"],
          observability: { metrics: false },
        },
        figures: { rule: "Host(`figures.test`)", service: "prometheus@internal" },
        ...routers,
      },
      services: { app: { loadBalancer: { servers: [{ url }] } } },
    },
  });

describe.each([1, 2])("metrics of %p workers", (workers) => {
  test("are scraped once for all, go by router, and leave internals out", async () => {
    const admin = await freePort();
    using upstream = startUpstream(answering(() => plain("hello")));
    await using router = await startRouter({
      dynamic: dynamic(upstream.url),
      workers,
      entryPoints: { admin },
      static:
        "metrics: {prometheus: {entryPoint: admin, addRoutersLabels: true, headerLabels: {team: X-Team}}}",
    });
    for (let i = 0; i < 6; i++)
      await get(router.port, "/", ["Host: app.test", `X-Team: ${i % 2 ? "red" : "blue"}`]);
    await get(router.port, "/", ["Host: quiet.test"]);
    await get(router.port, "/", ["Host: nobody.test"]);
    const scrape = () => get(admin, "/metrics");
    const first = await scrape();
    expect(first.fields).toContainEqual([
      "content-type",
      "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
    ]);
    const { text } = first;
    const value = (line: string) => {
      const at = text.indexOf(`\n${line} `);
      return at < 0 ? undefined : Number(text.slice(at + line.length + 2).split("\n")[0]);
    };
    const labels = 'code="200",method="GET",protocol="http",service="app@file",team="red"';
    expect(value(`traefik_service_requests_total{${labels}}`)).toBe(3);
    const own = 'code="200",method="GET",protocol="http",router="app@file",service="app@file"';
    expect(value(`traefik_router_requests_total{${own},team="blue"}`)).toBe(3);
    expect(value(`traefik_router_responses_bytes_total{${own}}`)).toBe(30);
    expect(value(`traefik_router_request_duration_seconds_count{${own}}`)).toBe(6);
    const missed = 'code="404",entrypoint="web",method="GET",protocol="http",team=""';
    expect(value(`traefik_entrypoint_requests_total{${missed}}`)).toBe(1);
    expect(value("traefik_config_reloads_total")).toBe(1);
    expect(text).not.toContain("quiet@file");
    expect(text).not.toContain("@internal");
    // By a router of the user's own as well.
    expect((await get(router.port, "/any", ["Host: figures.test"])).text).toContain("traefik_");
    await using client = await router.client();
    await client.request("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n");
    await waitFor("an open connection", async () =>
      (await scrape()).text.includes('traefik_open_connections{entrypoint="web",protocol="TCP"} 1'),
    );

    await router.reconfigure(dynamic(upstream.url, { app: undefined }));
    await waitFor("the reload", async () =>
      (await scrape()).text.includes("traefik_config_reloads_total 2"),
    );
    expect((await scrape()).text).not.toContain('router="app@file"');
  });
});

test("manual routing leaves the service alone", async () => {
  const admin = await freePort();
  await using router = await startRouter({
    dynamic: dynamic("http://127.0.0.1:1"),
    entryPoints: { admin },
    static:
      "metrics: {addInternals: true, prometheus: {entryPoint: admin, manualRouting: true}}\ncore: {workers: 1}",
  });
  expect((await get(admin, "/metrics")).status).toBe(404);
  await get(router.port, "/", ["Host: figures.test"]);
  expect((await get(router.port, "/", ["Host: figures.test"])).text).toContain(
    'traefik_service_requests_total{code="200",method="GET",protocol="http",service="prometheus@internal"} 1\n',
  );
});
