import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http2";
import { createServer as createTcp } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { get, getUntil } from "../../support/http/get.ts";
import { startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { exchange, RawClient } from "../../support/sockets/raw-client.ts";
import { waitFor } from "../../support/wait-for.ts";

const directory = mkdtempSync(join(tmpdir(), "sockets-"));
afterAll(() => rmSync(directory, { recursive: true }));
const at = (name: string) => join(directory, name);

/** Says what it got, and echoes over WebSockets; `/health` is well as long as `well()` is. */
function startWeb(path: string, well: () => boolean = () => true) {
  return Bun.serve({
    unix: path,
    async fetch(request, server) {
      const { pathname } = new URL(request.url);
      if (pathname === "/chat" && server.upgrade(request)) return;
      if (pathname === "/health") return new Response(null, { status: well() ? 200 : 500 });
      return new Response(`${request.headers.get("host")} ${pathname} ${await request.text()}`);
    },
    websocket: { message: (socket, message) => void socket.send(message) },
  });
}

test("HTTP/1.1, h2c, WebSockets, TCP, mirrors, checks and errors by way of Unix sockets", async () => {
  let well = true;
  await using web = startWeb(at("web.sock"), () => well);
  let mirrored = "";
  await using mirror = Bun.serve({
    unix: at("mirror.sock"),
    fetch: (request) => {
      mirrored = new URL(request.url).pathname;
      return new Response();
    },
  });
  const h2c = createServer((request, response) => {
    response.end(`${request.httpVersion} ${request.authority} ${request.url}`);
  }).listen(at("h2c.sock"));
  const echo = createTcp((socket) => socket.pipe(socket)).listen(at("echo.sock"));
  using _ = { [Symbol.dispose]: () => void [h2c.close(), echo.close()] };
  writeFileSync(at("plain"), "");

  const to = (url: string, more: object = {}) => ({
    loadBalancer: { servers: [{ url }], ...more },
  });
  const service = (name: string) => ({ rule: `PathPrefix(\`/${name}\`)`, service: name });
  const socket = (name: string) => `unix://${at(name)}`;
  const services = {
    web: { mirroring: { service: "main", mirrors: [{ name: "copy", percent: 100 }] } },
    chat: to(socket("web.sock")),
    h2c: to(`unix+h2c://${at("h2c.sock")}`, { passHostHeader: false }),
    own: to(socket("web.sock"), { passHostHeader: false }),
    checked: to(socket("web.sock"), {
      healthCheck: { path: "/health", interval: "50ms", timeout: "5s" },
    }),
    absent: to(socket("absent.sock")),
    plain: to(socket("plain")),
  };
  const entryPort = await freePort();
  await using router = await startRouter({
    static: "log: { level: DEBUG }\n",
    entryPoints: { raw: entryPort },
    dynamic: JSON.stringify({
      http: {
        routers: Object.fromEntries(
          Object.keys(services).map((name) => [name, { ...service(name), entryPoints: ["web"] }]),
        ),
        services: { ...services, main: to(socket("web.sock")), copy: to(socket("mirror.sock")) },
      },
      tcp: {
        routers: { raw: { rule: "HostSNI(`*`)", service: "raw", entryPoints: ["raw"] } },
        services: {
          raw: {
            loadBalancer: {
              servers: [{ address: `unix:${at("echo.sock")}` }],
              healthCheck: { interval: "50ms", timeout: "5s" },
            },
          },
        },
      },
    }),
  });
  const { port } = router;

  const post = "POST /web HTTP/1.1\r\nHost: app.test\r\nContent-Length: 3\r\n\r\nabc";
  expect((await exchange(port, post)).text).toBe("app.test /web abc");
  await waitFor("the mirrored request", () => mirrored === "/web");
  expect((await get(port, "/own")).text).toBe("localhost /own ");
  expect((await get(port, "/h2c")).text).toBe("2.0 localhost /h2c");
  const chat = new WebSocket(`ws://127.0.0.1:${port}/chat`);
  const messages: unknown[] = [];
  chat.onmessage = ({ data }) => messages.push(data);
  chat.onopen = () => chat.send("x".repeat(300_000));
  await waitFor("the echo", () => messages.length === 1);
  expect(messages).toEqual(["x".repeat(300_000)]);
  chat.close();

  using raw = await RawClient.connect(entryPort);
  const large = "0123456789".repeat(100_000);
  await raw.send(large);
  raw.halfClose();
  expect(await raw.readToEnd()).toBe(large);

  // One failure of the network each: neither starts a retry somewhere else.
  for (const [name, reason] of [
    ["absent", `${at("absent.sock")}: no such file or directory (ENOENT)`],
    ["plain", `${at("plain")}: connection refused (ECONNREFUSED)`],
  ]) {
    expect((await get(port, `/${name}`)).status).toBe(502);
    await waitFor("the reason in the log", () => router.program.log.includes(`unix:${reason}`));
  }

  expect((await get(port, "/checked")).status).toBe(200);
  well = false;
  await getUntil(port, "/checked", ({ status }) => status === 503);
  well = true;
  await getUntil(port, "/checked", ({ status }) => status === 200);
  expect([web.pendingRequests, mirror.pendingRequests]).toEqual([0, 0]);
});

test("a mistake in a socket's path is said with its place, and disables its service alone", async () => {
  await using web = startWeb(at("alone.sock"));
  expect(web.pendingRequests).toBe(0);
  await using router = await startRouter({
    dynamic: `http:
  routers:
    good: { rule: PathPrefix(\`/good\`), service: good }
    bad: { rule: PathPrefix(\`/bad\`), service: bad }
  services:
    good: { loadBalancer: { servers: [{ url: "unix://${at("alone.sock")}" }] } }
    bad: { loadBalancer: { servers: [{ url: "unix://run/app.sock" }] } }
`,
  });
  expect((await get(router.port, "/good")).status).toBe(200);
  expect((await get(router.port, "/bad")).status).toBe(404);
  expect(router.program.log).toContain(
    "http.services.bad.loadBalancer.servers.0.url: expected a socket's path",
  );
});
