import { describe, expect, test } from "bun:test";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { forwardingTo, type RouterOptions, startRouter } from "../../support/router.ts";
import { freePort } from "../../support/sockets/free-port.ts";
import { RawClient } from "../../support/sockets/raw-client.ts";
import { startUpstream, type UpstreamScript } from "../../support/sockets/recording-upstream.ts";
import { plain } from "../../support/sockets/upstream-scripts.ts";
import { waitFor } from "../../support/wait-for.ts";

const GET = "GET /quiet HTTP/1.1\r\nHost: app.test\r\n\r\n";
const POST = "POST /quiet HTTP/1.1\r\nHost: app.test\r\nContent-Length: 4\r\n\r\nbody";

interface Ports {
  readonly port: number;
  readonly secure: number;
}

/** A client that sends, and then FIN, with a word of TLS before it or without. */
type Client = (ports: Ports) => Promise<{ send(text: string): void; end(): void; read(): string }>;

const settled = (socket: Socket, event: string) =>
  new Promise<void>((resolve, reject) => {
    socket.once(event, resolve);
    socket.once("error", reject);
  });

function noting(socket: Socket) {
  let text = "";
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
  });
  socket.on("error", () => {});
  return () => text;
}

const CLIENTS: [name: string, connect: Client][] = [
  [
    "plain",
    async ({ port }) => {
      const socket = connectTcp({ port, host: "127.0.0.1", allowHalfOpen: true });
      await settled(socket, "connect");
      const read = noting(socket);
      return { send: (text) => void socket.write(text), end: () => void socket.end(), read };
    },
  ],
  [
    "TLS, which ends with a word",
    async ({ secure }) => {
      const socket = connectTls({
        port: secure,
        host: "127.0.0.1",
        servername: "app.test",
        rejectUnauthorized: false,
      });
      await settled(socket, "secureConnect");
      const read = noting(socket);
      return { send: (text) => void socket.write(text), end: () => void socket.end(), read };
    },
  ],
  [
    "TLS, whose connection ends without a word",
    async ({ secure }) => {
      const raw = connectTcp({ port: secure, host: "127.0.0.1" });
      await settled(raw, "connect");
      const socket = connectTls({
        socket: raw,
        servername: "app.test",
        rejectUnauthorized: false,
      });
      await settled(socket, "secureConnect");
      const read = noting(socket);
      return { send: (text) => void socket.write(text), end: () => void raw.end(), read };
    },
  ],
];

const ACCESS_LOG = "accessLog: {}\n";

/** A router with the entrypoints `web` and, over TLS, `secure`. */
async function start(options: RouterOptions) {
  const secure = await freePort();
  const router = await startRouter({
    static: ACCESS_LOG,
    entryPoints: { secure: [secure, "    http: { tls: {} }"] },
    ...options,
  });
  return { ...router, secure };
}

async function before(script: UpstreamScript) {
  const upstream = startUpstream(script);
  const router = await start({ dynamic: forwardingTo(upstream.url) });
  return {
    upstream,
    router,
    async [Symbol.asyncDispose]() {
      await router[Symbol.asyncDispose]();
      upstream.stop();
    },
  };
}

/** Reads a request and says nothing. */
const silent: UpstreamScript = async (connection) => void (await connection.request());

const BEGINNING =
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ndata: 1\r\n";

describe.each(CLIENTS)("a client over %s closes", (_, connect) => {
  test.each([
    ["GET", GET],
    ["POST", POST],
  ])(
    "while the upstream is silent behind a %s: the request is called off, the log says 499",
    async (method, request) => {
      await using scene = await before(silent);
      const client = await connect(scene.router);
      client.send(request);
      await waitFor("the request", () => scene.upstream.requests.length === 1);
      client.end();
      await scene.upstream.connections[0].ended(2000);
      await scene.router.program.logged(new RegExp(`"${method} /quiet HTTP/1.1" 499 `));
    },
  );

  test("in the middle of an event stream: the upstream's connection ends", async () => {
    await using scene = await before(async (connection) => {
      await connection.request();
      await connection.send(BEGINNING);
    });
    const client = await connect(scene.router);
    client.send(GET);
    await waitFor("the first event", () => client.read().includes("data: 1"));
    client.end();
    await scene.upstream.connections[0].ended(2000);
    await scene.router.program.logged(/"GET \/quiet HTTP\/1.1" 200 /);
  });

  test("while a handler is silent: its request's signal fires, the log says 499", async () => {
    await using router = await start({
      dynamic: JSON.stringify({
        http: {
          routers: { all: { rule: "PathPrefix(`/`)", service: "silent" } },
          services: { silent: { handler: { module: "./silent.ts" } } },
        },
      }),
      files: {
        "silent.ts": `export default (request) => {
  console.log("handling");
  request.signal.addEventListener("abort", () => console.log("the signal fired"));
  return new Promise(() => {});
};`,
      },
    });
    const client = await connect(router);
    client.send(GET);
    await router.program.logged("handling");
    client.end();
    await router.program.logged("the signal fired");
    await router.program.logged(/"GET \/quiet HTTP\/1.1" 499 /);
  });
});

test("requests that came before the FIN are answered as long as another one waits behind them", async () => {
  const upstream = startUpstream(async (connection) => {
    for (;;) {
      const request = await connection.request();
      if (request === undefined || request.target === "/quiet") return;
      await Bun.sleep(50);
      await connection.send(plain(request.target));
    }
  });
  await using router = await start({ dynamic: forwardingTo(upstream.url) });
  using client = await RawClient.connect(router.port);
  await client.send(GET.replace("quiet", "1") + GET.replace("quiet", "2") + GET);
  client.halfClose();
  expect((await client.response()).text).toBe("/1");
  expect((await client.response()).text).toBe("/2");
  expect((await client.response()).status).toBe(499);
  expect(await client.ended()).toBe("fin");
  upstream.stop();
});

test("an answer that is all there goes out to a client that has half-closed", async () => {
  await using router = await start({
    dynamic: JSON.stringify({
      http: { routers: { all: { rule: "PathPrefix(`/`)", service: "whoami@internal" } } },
    }),
  });
  using client = await RawClient.connect(router.port);
  client.offer(GET);
  client.halfClose();
  expect((await client.response()).text).toContain("GET /quiet");
  expect(await client.ended()).toBe("fin");
});
