import { expect, test } from "bun:test";
import { get } from "../../support/http/get.ts";
import { startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { exchange } from "../../support/sockets/raw-client.ts";
import { startUpstream } from "../../support/sockets/recording-upstream.ts";
import { echoing } from "../../support/sockets/upstream-scripts.ts";

test("middlewares of entrypoints come first, per router's provider; routers split by entrypoint", async () => {
  const admin = await freePort();
  using upstream = startUpstream(echoing());
  const http = {
    routers: {
      app: { rule: "PathPrefix(`/`)", service: "backend", middlewares: ["own"] },
      web: { rule: "Path(`/web`)", priority: 99, service: "backend", entryPoints: ["web"] },
    },
    middlewares: {
      own: { addPrefix: { prefix: "/own" } },
      edge: { addPrefix: { prefix: "/edge" } },
      other: { addPrefix: { prefix: "/other" } },
    },
    services: { backend: { loadBalancer: { servers: [{ url: upstream.url }] } } },
  };
  await using router = await startRouter({
    // The upstream tells requests by connection, and each worker has its own.
    workers: 1,
    web: "    http: {middlewares: [edge, other@file]}",
    entryPoints: { admin },
    static: "accessLog: {format: json, filePath: access.log}",
    files: { "access.log": "" },
    dynamic: JSON.stringify({ http }),
  });
  await get(router.port, "/x");
  await get(router.port, "/web");
  await get(admin, "/x");
  // Each prefix goes before what is there: the first middleware's is innermost.
  expect(upstream.requests.map((request) => request.target)).toEqual([
    "/own/other/edge/x",
    "/other/edge/web",
    "/own/x",
  ]);
  await router.program.stop();
  const lines = (await Bun.file(`${router.program.directory}/access.log`).text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(lines.map((line) => [line.entryPointName, line.RouterName])).toEqual([
    ["web", "web-app@file"],
    ["web", "web@file"],
    ["admin", "app@file"],
  ]);
});

test("redirections to an entrypoint and to a port, before all of the users' routers", async () => {
  const [secure, temporary] = [await freePort(), await freePort()];
  await using router = await startRouter({
    web: "    http: {redirections: {entryPoint: {to: secure}}}",
    entryPoints: {
      secure,
      temporary: [
        temporary,
        '    http: {redirections: {entryPoint: {to: ":444", scheme: http, permanent: false}}}',
      ],
    },
    static: "ping: {entryPoint: web}",
    dynamic:
      "http: {routers: {all: {rule: PathPrefix(`/`), service: whoami@internal, priority: 9000000}}}",
  });
  const first = await get(router.port, "/a?b", ["Host: app.test:80"]);
  expect([first.status, first.header("location")]).toEqual([301, `https://app.test:${secure}/a?b`]);
  const second = await get(temporary, "/a");
  expect([second.status, second.header("location")]).toEqual([302, "http://app.test:444/a"]);
  expect((await get(secure, "/a")).status).toBe(200);
  expect((await get(router.port, "/ping")).text).toBe("OK");
  // Without a Host there is nowhere to redirect to.
  const nameless = await exchange(router.port, "GET /a HTTP/1.0\r\n\r\n");
  expect(nameless.status).toBe(200);
});
