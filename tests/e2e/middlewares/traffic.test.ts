import { afterAll, beforeAll, expect, test } from "bun:test";
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from "node:zlib";
import { toolPath } from "../../../scripts/tool-path.ts";
import { get } from "../../support/http/get.ts";
import { testWith } from "../../support/requires.ts";
import { type Router, startRouter } from "../../support/router.ts";

import { type StoreServer, startRedis } from "../../support/servers/store-servers.ts";

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
  encoded: { encodedCharacters: {} },
});

let router: Router;

beforeAll(async () => {
  if (toolPath("redis-server") !== null) redis = await startRedis();
  const all = middlewares();
  const names = Object.keys(all);
  const http = {
    routers: Object.fromEntries(
      names.map((name) => [
        name,
        { rule: `PathPrefix(\`/${name}\`)`, service: "backend", middlewares: [name] },
      ]),
    ),
    middlewares: all,
    services: {
      backend: { loadBalancer: { servers: [{ url: `http://127.0.0.1:${server.port}` }] } },
    },
  };
  router = await startRouter({ dynamic: JSON.stringify({ http }) });
});

afterAll(async () => {
  await router[Symbol.asyncDispose]();
  await redis?.[Symbol.asyncDispose]();
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

test("encodedCharacters: an encoded slash is refused, an encoded blank isn't", async () => {
  expect((await get(router.port, "/encoded/a%2Fb")).status).toBe(400);
  expect((await get(router.port, "/encoded/a%20b")).status).toBe(200);
});
