import { describe, expect, test } from "bun:test";
import { staticSchema } from "../../../../src/config/static/schema.ts";
import { httpProvider } from "../../../../src/providers/http/http-provider.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { runProvider } from "../provider-scene.ts";

const service = (url: string) =>
  `http: {services: {s: {loadBalancer: {servers: [{url: "${url}"}]}}}}\n`;

/** A server of configurations, and what it was asked with. */
function startServer(text: string) {
  const state = { text, status: 200 };
  const fields: Record<string, string>[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      fields.push(Object.fromEntries(request.headers));
      return new Response(state.text, { status: state.status });
    },
  });
  return { state, fields, url: server.url.href, [Symbol.dispose]: () => void server.stop(true) };
}

function follow(url: string, options: object = {}) {
  const { providers } = staticSchema.parse({
    providers: { http: { endpoint: url, pollInterval: "50ms", ...options } },
  });
  return runProvider((context) => httpProvider(providers.http!, context));
}

describe("the HTTP provider", () => {
  test("asks again and again, with its headers", async () => {
    using server = startServer(service("http://one"));
    using running = await follow(server.url, { headers: { "X-Key": "k", Host: "config.test" } });
    await running.servers("s", "http://one");
    server.state.text = JSON.stringify({
      http: { services: { s: { loadBalancer: { servers: [{ url: "http://two" }] } } } },
    });
    await running.servers("s", "http://two");
    expect(server.fields[0]).toMatchObject({ "x-key": "k", host: "config.test" });
  });

  test("keeps what it had while the answer can't be read or is an error", async () => {
    using server = startServer(service("http://one"));
    using running = await follow(server.url);
    await running.servers("s", "http://one");
    server.state.text = "http: [";
    await waitFor("the mistake to be said", () =>
      running.lines.some((line) => line.includes(`${server.url}:1:`)),
    );
    server.state.status = 500;
    await waitFor("the error to be said", () =>
      running.lines.some((line) => line.includes("expected an answer with status 200, found 500")),
    );
    await running.servers("s", "http://one");
    server.state.status = 200;
    server.state.text = service("http://three");
    await running.servers("s", "http://three");
  });

  test("takes no module as a service, and no answer beyond its limit", async () => {
    using server = startServer(
      "http: {services: {m: {handler: {module: /etc/x.ts}}, s: {loadBalancer: {servers: [{url: 'http://one'}]}}}}\n",
    );
    using running = await follow(server.url);
    await running.servers("s", "http://one");
    expect(Object.keys(running.configuration?.http?.services ?? {})).toEqual(["s"]);
    using limited = await follow(server.url, { maxResponseBodySize: 20 });
    expect(limited.configuration).toBeUndefined();
    expect(limited.lines.join()).toContain("more than 20 bytes");
  });

  test("refuses an endpoint that is no URL of HTTP", async () => {
    expect(follow("ftp://x")).rejects.toThrow("providers.http.endpoint: expected a URL");
  });
});
