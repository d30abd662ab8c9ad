import { afterAll, expect } from "bun:test";
import {
  createSecureServer,
  createServer,
  type Http2Server,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo } from "node:net";
import { makeCertificate } from "../../support/certificates.ts";
import { get, getUntil } from "../../support/http/get.ts";
import { testWith } from "../../support/requires.ts";
import { startRouter } from "../../support/router.ts";
import { exchange } from "../../support/sockets/raw-client.ts";
import { waitFor } from "../../support/wait-for.ts";

const test = testWith("openssl");

const ca = makeCertificate({ name: "CA", ca: true });
const backend = makeCertificate({ names: ["DNS:backend.test"], issuer: ca });
const client = makeCertificate({ name: "sluice", issuer: ca });
const FILES = {
  "ca.pem": ca.certificate,
  "client.pem": client.certificate,
  "client.key": client.key,
};

const servers: Http2Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

/** Says what it got; counts connections. */
async function startServer(server: Http2Server) {
  let connections = 0;
  servers.push(server);
  server.on("session", () => connections++);
  server.on("stream", (opened, headers) => {
    const stream = opened as ServerHttp2Stream;
    const chunks: Uint8Array[] = [];
    stream.on("error", () => {});
    stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    stream.on("end", () => {
      stream.respond({ "x-proto": "h2" });
      stream.end(`${headers[":method"]} ${headers[":scheme"]} ${Buffer.concat(chunks)}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
  };
}

const secure = (ask = false) =>
  createSecureServer({
    cert: backend.certificate,
    key: backend.key,
    ...(ask ? { requestCert: true, rejectUnauthorized: true, ca: ca.certificate } : {}),
  }) as unknown as Http2Server;

const dynamic = (url: string, more: object = {}, transports: object = {}) =>
  JSON.stringify({
    http: {
      routers: { all: { rule: "PathPrefix(`/`)", service: "backend" } },
      services: { backend: { loadBalancer: { servers: [{ url }], ...more } } },
      serversTransports: transports,
    },
  });

test("HTTP/1.1 in front, h2c behind; a reload keeps the connection", async () => {
  const upstream = await startServer(createServer());
  const url = `h2c://127.0.0.1:${upstream.port}`;
  await using router = await startRouter({ workers: 1, dynamic: dynamic(url) });
  const post = await exchange(
    router.port,
    "POST /a HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  );
  expect([post.status, post.text, post.header("x-proto")]).toEqual([200, "POST http abc", "h2"]);
  await router.reconfigure(dynamic(url).replace("PathPrefix(`/`)", "PathPrefix(`/b`)"));
  await getUntil(router.port, "/a", ({ status }) => status === 404);
  expect((await get(router.port, "/b")).text).toBe("GET http ");
  expect(upstream.connections).toBe(1);
});

test("TLS with the backend's CA and a client certificate", async () => {
  const upstream = await startServer(secure(true));
  const url = `https://127.0.0.1:${upstream.port}`;
  const certificates = [{ certFile: "client.pem", keyFile: "client.key" }];
  const inside = { serverName: "backend.test", rootCAs: ["ca.pem"], certificates };
  await using router = await startRouter({
    workers: 1,
    files: FILES,
    dynamic: dynamic(url, { serversTransport: "inside" }, { inside }),
  });
  const first = await get(router.port, "/");
  expect([first.status, first.text]).toEqual([200, "GET https "]);
  await Promise.all(Array.from({ length: 20 }, () => get(router.port, "/")));
  expect(upstream.connections).toBe(1);
});

test("nobody is served by a backend that isn't trusted; the static transport may trust all", async () => {
  const upstream = await startServer(secure());
  const url = `https://127.0.0.1:${upstream.port}`;
  await using strict = await startRouter({ dynamic: dynamic(url) });
  expect((await get(strict.port, "/")).status).toBe(502);
  await using lax = await startRouter({
    dynamic: dynamic(url),
    static: "serversTransport: { insecureSkipVerify: true }",
  });
  expect((await get(lax.port, "/")).status).toBe(200);
});

test("a CA that can't be read disables the service, by name, until it is there", async () => {
  const upstream = await startServer(secure());
  const url = `https://127.0.0.1:${upstream.port}`;
  const inside = { serverName: "backend.test", rootCAs: ["missing.pem"] };
  const text = dynamic(url, { serversTransport: "inside" }, { inside });
  await using router = await startRouter({ dynamic: text });
  await router.program.logged(/inside@file.*rootCAs\[0\]: there is no file/);
  expect((await get(router.port, "/")).status).toBe(404);
  await router.program.write("missing.pem", ca.certificate);
  await router.reconfigure(`${text}\n`.replace("PathPrefix", "Method(`GET`) && PathPrefix"));
  await waitFor("the service", async () => (await get(router.port, "/")).status === 200);
});

test("a server that fails its gRPC health check gets no requests", async () => {
  const upstream = await startServer(createServer());
  const healthCheck = { mode: "grpc", interval: "50ms", timeout: "2s" };
  await using router = await startRouter({
    dynamic: dynamic(`h2c://127.0.0.1:${upstream.port}`, { healthCheck }),
  });
  await waitFor("the server to be down", async () => (await get(router.port, "/")).status === 503);
});
