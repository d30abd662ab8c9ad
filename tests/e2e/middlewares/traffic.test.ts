import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { toolPath } from "../../../scripts/tool-path.ts";
import { makeCertificate } from "../../support/certificates.ts";
import { get, getUntil } from "../../support/http/get.ts";
import { testWith } from "../../support/requires.ts";
import { type Router, startRouter } from "../../support/router.ts";
import { type StoreServer, startRedis } from "../../support/servers/store-servers.ts";
import { freePort } from "../../support/sockets/free-port.ts";

/*
 * One program whose routers have one middleware each. Limits are so far apart in time that how fast the
 * machine is decides nothing.
 */

const BIG = JSON.stringify(
  Array.from({ length: 30_000 }, (_, i) => ({ id: i, name: `item ${i}` })),
);

let events: ReadableStreamDefaultController<string>;
let release = Promise.withResolvers<void>();
let waiting = 0;

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 0,
  routes: {
    "/compress/big": () => new Response(BIG, { headers: { "content-type": "application/json" } }),
    "/certificate/": ({ headers }) =>
      Response.json([
        headers.get("x-forwarded-tls-client-cert"),
        headers.get("x-forwarded-tls-client-cert-info"),
        headers.get("x-forwarded-for"),
      ]),
    "/compress/short": () => new Response("short"),
    "/compress/events": () =>
      new Response(
        new ReadableStream({
          start(controller) {
            events = controller;
            controller.enqueue("data: 0\n\n");
          },
        }) as never,
        { headers: { "content-type": "text/event-stream" } },
      ),
    "/broken/": () => new Response("broken", { status: 500 }),
    "/few/*": async () => {
      waiting++;
      await release.promise;
      return new Response("done");
    },
  },
  fetch: (request) => new Response(new URL(request.url).pathname),
});

const redisTest = testWith("redis-server");
let redis: StoreServer | undefined;

const byRedis = (more: object) => ({
  rateLimit: {
    average: 1,
    period: "1h",
    burst: 20,
    redis: { endpoints: [`127.0.0.1:${redis?.port ?? 1}`], ...more },
  },
});

const middlewares = (): Record<string, object> => ({
  shared: byRedis({}),
  open: byRedis({ failOpen: true }),
  rate: { rateLimit: { average: 1, period: "1h", burst: 20 } },
  few: { inFlightReq: { amount: 3 } },
  compress: { compress: {} },
  broken: {
    circuitBreaker: {
      expression: "ResponseCodeRatio(500, 600, 0, 600) > 0.5",
      fallbackDuration: "1h",
      responseCode: 418,
    },
  },
  grpc: { grpcWeb: { allowOrigins: ["*"] } },
  certificate: {
    passTLSClientCert: { pem: true, info: { subject: { commonName: true } } },
  },
  plugin: { plugin: { mine: { module: "./plugin.ts", word: "hi" } } },
  encoded: { encodedCharacters: {} },
});

/** Answers each call with its own message and a trailer. */
const grpcServer = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => void chunks.push(chunk));
  request.on("end", () => {
    response.writeHead(200, { "content-type": "application/grpc", trailer: "grpc-status" });
    response.write(Buffer.concat(chunks));
    response.addTrailers({ "grpc-status": "0", "x-type": String(request.headers["content-type"]) });
    response.end();
  });
});

const frontCertificate = makeCertificate({ names: ["IP:127.0.0.1"] });
const client = makeCertificate({ name: "the client" });

/** A plugin that says its options and a word of its own, and fails when asked to. */
const pluginSaying = (word: string) => `
export default ({ word }: { word: string }) => (next: (request: Request) => Promise<Response>) =>
  async (request: Request) => {
    if (request.url.endsWith("/fail")) throw new Error("asked to");
    if (request.url.endsWith("/copy"))
      return new Response(new Request(request, { headers: { "x-a": "b" } }).method);
    const response = await next(request);
    response.headers.set("x-plugin", word + " ${word}");
    return response;
  };
`;

let router: Router;
let secure: number;

beforeAll(async () => {
  if (toolPath("redis-server") !== null) redis = await startRedis();
  await new Promise<void>((resolve) => grpcServer.listen(0, "127.0.0.1", () => resolve()));
  secure = await freePort();
  const all = middlewares();
  const names = Object.keys(all);
  const http = {
    routers: {
      ...Object.fromEntries(
        names.map((name) => [
          name,
          {
            rule: `PathPrefix(\`/${name}\`)`,
            service: name === "grpc" ? "grpc" : "backend",
            middlewares: [name],
          },
        ]),
      ),
      certificate: {
        rule: "PathPrefix(`/certificate`)",
        service: "backend",
        middlewares: ["certificate"],
        entryPoints: ["secure"],
        tls: {},
      },
    },
    middlewares: all,
    services: {
      grpc: {
        loadBalancer: {
          servers: [{ url: `h2c://127.0.0.1:${(grpcServer.address() as AddressInfo).port}` }],
        },
      },
      backend: { loadBalancer: { servers: [{ url: `http://127.0.0.1:${server.port}` }] } },
    },
  };
  const tls = {
    options: { default: { clientAuth: { clientAuthType: "RequestClientCert" } } },
    certificates: [{ certFile: frontCertificate.certificate, keyFile: frontCertificate.key }],
  };
  router = await startRouter({
    dynamic: JSON.stringify({ http, tls }),
    entryPoints: {
      secure: [secure, "    forwardedHeaders: {notAppendXForwardedFor: true}"],
    },
    files: { "plugin.ts": pluginSaying("one") },
  });
});

afterAll(async () => {
  await router[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
  grpcServer.close();
  await server.stop(true);
});

/** How many of each status there were. */
async function statuses(target: string, count: number): Promise<Record<number, number>> {
  const found: Record<number, number> = {};
  const ask = () => get(router.port, target, ["Connection: close"]);
  for (const { status } of await Promise.all(Array.from({ length: count }, ask)))
    found[status] = (found[status] ?? 0) + 1;
  return found;
}

test("rateLimit: so many of one client pass, whatever worker they come to", async () => {
  expect(await statuses("/rate/", 60)).toEqual({ 200: 20, 429: 40 });
  const { header, text } = await get(router.port, "/rate/");
  expect(text).toBe("Too Many Requests");
  expect(Number(header("retry-after"))).toBeWithin(1, 3601);
});

redisTest("rateLimit with Redis: the same, and as configured while it is away", async () => {
  expect(await statuses("/shared/", 60)).toEqual({ 200: 20, 429: 40 });
  expect(await statuses("/open/", 30)).toEqual({ 200: 20, 429: 10 });
  await redis!.kill();
  expect(await statuses("/shared/", 5)).toEqual({ 500: 5 });
  expect(await statuses("/open/", 5)).toEqual({ 200: 5 });
});

test("inFlightReq: so many are under way at once, whatever worker has them", async () => {
  const asked = Array.from({ length: 10 }, () => get(router.port, "/few/", ["Connection: close"]));
  const refused = await Promise.all(
    asked.map(async (answer) => {
      const { status } = await answer;
      if (status === 429 && --left === 0) release.resolve();
      return status;
    }),
  );
  expect(refused.filter((status) => status === 200).length).toBe(3);
  expect(waiting).toBe(3);
  release = Promise.withResolvers();
  release.resolve();
  expect((await get(router.port, "/few/")).status).toBe(200);
});
let left = 7;

test.each([
  ["gzip", gunzipSync],
  ["br", brotliDecompressSync],
  ["zstd", zstdDecompressSync],
] as const)("compress: %s, whole and as it comes", async (coding, decode) => {
  const ask = (path: string) =>
    fetch(`${router.url}/compress/${path}`, {
      headers: { "accept-encoding": coding },
      decompress: false,
    } as RequestInit);
  const big = await ask("big");
  expect(big.headers.get("content-encoding")).toBe(coding);
  expect(new TextDecoder().decode(decode(await big.bytes()))).toBe(BIG);
  const short = await ask("short");
  expect(short.headers.get("content-encoding")).toBe(null);
  expect(await short.text()).toBe("short");

  const stream = await ask("events");
  const reader = stream.body!.getReader();
  const parts: Uint8Array[] = [];
  // Each event arrives before the next is sent: decoders take what is there so far.
  for (let i = 1; ; i++) {
    const part = await reader.read();
    if (part.done) break;
    parts.push(part.value);
    if (i < 4) events.enqueue(`data: ${i}\n\n`);
    if (i === 4) events.close();
  }
  const text = new TextDecoder().decode(decode(Buffer.concat(parts)));
  expect(text).toBe("data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\n");
});

test("circuitBreaker: what one worker saw keeps the others from asking", async () => {
  expect((await get(router.port, "/broken/", ["Connection: close"])).status).toBe(500);
  expect(await statuses("/broken/", 20)).toEqual({ 418: 20 });
});

test("grpcWeb: a message and its trailers, through a server that speaks gRPC", async () => {
  const message = Buffer.from([0, 0, 0, 0, 2, 65, 66]);
  for (const text of [false, true]) {
    const type = text ? "application/grpc-web-text" : "application/grpc-web";
    const response = await fetch(`${router.url}/grpc/service/call`, {
      method: "POST",
      headers: { "content-type": type },
      body: text ? message.toString("base64") : message,
    });
    expect(response.headers.get("content-type")).toBe(type);
    const bytes = text
      ? Buffer.concat(
          ((await response.text()).match(/[^=]+=*/g) ?? []).map((part) =>
            Buffer.from(part, "base64"),
          ),
        )
      : Buffer.from(await response.bytes());
    expect(bytes.subarray(0, 7)).toEqual(message);
    expect(bytes[7]).toBe(0x80);
    expect(bytes.subarray(12).toString()).toBe("grpc-status: 0\r\nx-type: application/grpc\r\n");
  }
});

test("passTLSClientCert: the server hears of the client's certificate", async () => {
  const response = await fetch(`https://127.0.0.1:${secure}/certificate/`, {
    tls: { rejectUnauthorized: false, cert: client.certificate, key: client.key },
  } as RequestInit);
  const lines = client.certificate.trim().split("\n").slice(1, -1).join("");
  expect(await response.json()).toEqual([lines, "Subject%3D%22CN%3Dthe+client%22", null]);
});

test("plugin: a module is a middleware, fails for its own requests and is loaded anew", async () => {
  const { header, text } = await get(router.port, "/plugin/x");
  expect([header("x-plugin"), text]).toEqual(["hi one", "/plugin/x"]);
  expect((await get(router.port, "/plugin/fail")).status).toBe(500);
  expect((await get(router.port, "/plugin/copy", [], "DELETE")).text).toBe("DELETE");
  await router.program.write("plugin.ts", pluginSaying("two"));
  await getUntil(router.port, "/plugin/x", (answer) => answer.header("x-plugin") === "hi two");
});

test("encodedCharacters: an encoded slash is refused, an encoded blank isn't", async () => {
  expect((await get(router.port, "/encoded/a%2Fb")).status).toBe(400);
  expect((await get(router.port, "/encoded/a%20b")).status).toBe(200);
});
