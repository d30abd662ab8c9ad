import { expect, test } from "bun:test";
import { bunRuntime } from "../../../runtime/bun/bun-runtime.ts";
import { otlpHttpClient } from "../../../src/exporters/otlp/otlp-http-client.ts";

test("what a receiver refuses names it without the secrets of its URL and its headers", async () => {
  using server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: () => new Response("no", { status: 403 }),
  });
  const client = otlpHttpClient(
    bunRuntime().httpClient({}),
    `http://jo:geheim@127.0.0.1:${server.port}/v1/traces?key=geheim`,
    { Authorization: "Bearer geheim" },
  );
  const failure = await client
    .send(new Uint8Array(1), AbortSignal.timeout(30_000))
    .catch((error: unknown) => String(error));
  expect(failure).toContain(`http://127.0.0.1:${server.port}/v1/traces answered with 403: no`);
  expect(failure).not.toContain("geheim");
  client.close();
});
