import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { get } from "../../support/http/get.ts";
import { startRouter } from "../../support/router.ts";
import { startOtlpReceiver } from "../../support/servers/otlp-receiver.ts";
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

test.each([false, true])("the access log and the log by OTLP, dual output %p", async (dual) => {
  using upstream = startUpstream(answering(() => plain("hello")));
  await using receiver = await startOtlpReceiver();
  const http = `{http: {endpoint: "${receiver.httpUrl}"}}`;
  const grpc = `{serviceName: edge, grpc: {endpoint: "${receiver.grpcEndpoint}", insecure: true}}`;
  await using router = await startRouter({
    dynamic: dynamic(upstream.url),
    static: [
      "experimental: {otlplogs: true}",
      `accessLog: {filePath: access.log, dualOutput: ${dual}, otlp: ${grpc}, fields: {headers: {names: {User-Agent: keep, Cookie: redact}}, queryParameters: {defaultMode: drop}}}`,
      `log: {level: INFO, otlp: ${http}}`,
      `tracing: {otlp: ${http}}`,
      "",
    ].join("\n"),
  });
  await get(router.port, "/a?secret=1", ["User-Agent: ua", "Cookie: c=1"]);
  const [record] = await waitFor("the line", () => {
    const found = receiver.records().filter(({ attributes }) => "RequestMethod" in attributes);
    return found.length > 0 ? found : undefined;
  });
  expect(record).toMatchObject({ severityNumber: 9 });
  expect(record.body.stringValue).toMatch(
    /^127\.0\.0\.1 - - \[.*"GET \/a HTTP\/1\.1" 200 5 "-" "ua" 1 "app@file" /,
  );
  expect(record.attributes).toMatchObject({
    RequestMethod: "GET",
    RequestPath: "/a",
    DownstreamStatus: 200,
    RouterName: "app@file",
    entryPointName: "web",
    "request_User-Agent": "ua",
    request_Cookie: "REDACTED",
    TraceId: record.traceId,
    SpanId: record.spanId,
  });
  expect(record.traceId).toMatch(/^[0-9a-f]{32}$/);
  const entry = await waitFor("the log", () =>
    receiver.records().find(({ body }) => body.stringValue === "Configuration loaded"),
  );
  expect(entry.attributes).toMatchObject({ routers: 1 });
  expect(router.program.stdout).toContain("Configuration loaded");
  const file = readFileSync(`${router.program.directory}/access.log`, "latin1");
  expect(file === "").toBe(!dual);
});

test("without the switch of the experiment it doesn't start, as Traefik", async () => {
  await expect(
    startRouter({ dynamic: "{}", static: "log: {otlp: {}}\n" }).then((router) =>
      router[Symbol.asyncDispose](),
    ),
  ).rejects.toThrow("log.otlp: expected experimental.otlplogs: true beside it");
});
