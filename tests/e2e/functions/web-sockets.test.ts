import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { ROOT } from "../../../scripts/paths.ts";
import { FLAVOUR } from "../../support/flavour.ts";
import { get, getUntil } from "../../support/http/get.ts";
import { type Router, startRouter } from "../../support/router.ts";

const PLATFORM = FLAVOUR === "deno" ? "deno" : "bun";
const library = (path: string) => JSON.stringify(join(ROOT, "node_modules/hono/dist", path));
const EVENTS = "globalThis.events ??= [];\n";

/** Bun's way: `env.upgrade` and the export's `websocket`. */
const BUN = `${EVENTS}
export default {
  fetch(request, env) {
    if (new URL(request.url).pathname.endsWith("/events")) return Response.json(globalThis.events);
    if (env.upgrade(request, { data: { name: "ada" }, headers: { "X-Own": "yes" } })) return;
    return new Response("expected a WebSocket handshake", { status: 426 });
  },
  websocket: {
    open(ws) { ws.subscribe("room"); ws.send("hello " + ws.data.name + " " + ws.remoteAddress); },
    message(ws, message) {
      if (message === "throw") throw new Error("on purpose");
      if (message === "publish") ws.publish("room", "news");
      else ws.send(message);
    },
    close(ws, code, reason) { globalThis.events.push("close " + code + " " + reason); },
  },
};
`;

/** Cloudflare's way. */
const PAIR = `
export default {
  fetch(request) {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    server.addEventListener("message", ({ data }) => {
      if (data === "end") server.close(4321, "the end");
      else server.send(typeof data === "string" ? data.toUpperCase() : data);
    });
    return new Response(null, { status: 101, webSocket: client });
  },
};
`;

/** Hono's, by the adapter for the platform. */
const HONO = `
import { Hono } from ${library("index.js")};
import { upgradeWebSocket } from ${library(`adapter/${PLATFORM}/index.js`)};
${PLATFORM === "deno" ? "" : `import { websocket } from ${library("adapter/bun/index.js")};`}
const app = new Hono();
app.get("/hono", upgradeWebSocket(() => ({
  onOpen: (_event, ws) => ws.send("open"),
  onMessage: (event, ws) => ws.send("hono " + event.data),
})));
export default { fetch: app.fetch${PLATFORM === "deno" ? "" : ", websocket"} };
`;

let router: Router;
const NAMES = ["bun", "pair", "hono"];

beforeAll(async () => {
  router = await startRouter({
    workers: 1,
    dynamic: JSON.stringify({
      http: {
        routers: Object.fromEntries(
          NAMES.map((name) => [name, { rule: `PathPrefix(\`/${name}\`)`, service: name }]),
        ),
        services: Object.fromEntries(
          NAMES.map((name) => [name, { handler: { module: `./${name}.js` } }]),
        ),
      },
    }),
    files: { "bun.js": BUN, "pair.js": PAIR, "hono.js": HONO },
  });
});
afterAll(() => router[Symbol.asyncDispose]());

/** A client, and its messages one by one. */
async function open(path: string, protocols: string[] = []) {
  const socket = new WebSocket(`ws://127.0.0.1:${router.port}${path}`, protocols);
  socket.binaryType = "arraybuffer";
  const messages: unknown[] = [];
  const waiting: ((message: unknown) => void)[] = [];
  socket.onmessage = ({ data }) => {
    const waiter = waiting.shift();
    if (waiter === undefined) messages.push(data);
    else waiter(data);
  };
  const closed = new Promise<string>((resolve) => {
    socket.onclose = ({ code, reason }) => resolve(`${code} ${reason}`);
  });
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error("no WebSocket"));
  });
  const next = (): Promise<unknown> =>
    messages.length > 0
      ? Promise.resolve(messages.shift())
      : new Promise((resolve) => waiting.push(resolve));
  return { socket, next, closed };
}

test("a module written for Bun.serve speaks WebSocket", async () => {
  const { socket, next, closed } = await open("/bun/x", ["chat", "other"]);
  expect(socket.protocol).toBe("chat");
  expect(await next()).toBe("hello ada 127.0.0.1");
  socket.send("caf\u00e9");
  expect(await next()).toBe("caf\u00e9");
  const bytes = new Uint8Array(300_000).map((_, i) => i);
  socket.send(bytes);
  expect(new Uint8Array((await next()) as ArrayBuffer)).toEqual(bytes);
  const other = await open("/bun/y");
  expect(await other.next()).toBe("hello ada 127.0.0.1");
  socket.send("publish");
  expect(await other.next()).toBe("news");
  other.socket.close(4000, "enough");
  expect(await other.closed).toBe("4000 ");
  await getUntil(router.port, "/bun/events", ({ text }) => text.includes("close 4000 enough"));
  socket.send("throw");
  expect(await closed).toStartWith("1011");
  await router.program.logged(/A WebSocket's listener failed.*on purpose/);
});

test("a client that goes away is a close with 1006, and a request without a handshake is none", async () => {
  const client = await router.client();
  await client.send(
    "GET /bun/z HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  const head = await client.readUntil("\r\n\r\n");
  expect(head).toStartWith("HTTP/1.1 101 ");
  expect(head).toContain("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  expect(head.toLowerCase()).toContain("x-own: yes");
  client.reset();
  await getUntil(router.port, "/bun/events", ({ text }) => text.includes("close 1006"));
  expect((await get(router.port, "/bun/plain")).status).toBe(426);
  expect((await get(router.port, "/pair")).status).toBe(500);
});

test("a client that breaks the protocol is told so, and closed", async () => {
  using client = await router.client();
  await client.send(
    "GET /bun/z HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  await client.readUntil("hello ada 127.0.0.1");
  // A frame without a mask.
  await client.send(new Uint8Array([0x81, 0x01, 0x78]));
  const close = await client.readBytes(4);
  expect([close[0], (close[2] << 8) | close[3]]).toEqual([0x88, 1002]);
});

test("a module with a WebSocketPair speaks WebSocket, and closes with its own code", async () => {
  const { socket, next, closed } = await open("/pair");
  socket.send("loud");
  expect(await next()).toBe("LOUD");
  socket.send(new Uint8Array([1, 2]));
  expect(new Uint8Array((await next()) as ArrayBuffer)).toEqual(new Uint8Array([1, 2]));
  socket.send("end");
  expect(await closed).toBe("4321 the end");
});

test("Hono's upgradeWebSocket works", async () => {
  const { socket, next } = await open("/hono");
  expect(await next()).toBe("open");
  socket.send("x");
  expect(await next()).toBe("hono x");
  socket.close();
});
