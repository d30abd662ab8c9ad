import { afterAll, beforeAll, describe, expect } from "bun:test";
import { connectRedis } from "../../../../../runtime/node/clients/redis.ts";
import { toolPath } from "../../../../../scripts/tool-path.ts";
import type { LogFields, Logger } from "../../../../../src/core/logger.ts";
import type { HttpMiddlewareOptions } from "../../../../../src/middlewares/http/http-middleware.ts";
import { rateLimit } from "../../../../../src/middlewares/http/limits/rate-limit.ts";
import { RedisBuckets } from "../../../../../src/middlewares/http/limits/redis-buckets.ts";
import { testWith } from "../../../../support/requires.ts";
import { type StoreServer, startRedis } from "../../../../support/servers/store-servers.ts";
import { waitFor } from "../../../../support/wait-for.ts";
import { silentLogger } from "../../../core/silent-logger.ts";
import { apply, middlewareContext } from "../apply.ts";

const test = testWith("redis-server");

let server: StoreServer;
beforeAll(async () => {
  if (toolPath("redis-server") !== null) server = await startRedis();
});
afterAll(() => server?.[Symbol.asyncDispose]());

const HOUR = 3_600_000;
const made: RedisBuckets[] = [];
afterAll(() => {
  for (const buckets of made) buckets.stop();
});

function bucketsOn(port: number, logger: Logger = silentLogger(), cluster = false): RedisBuckets {
  const endpoints = [`127.0.0.1:${port}`];
  const buckets = new RedisBuckets({
    connect: () => connectRedis({ endpoints, username: "", password: "", db: 0, cluster }),
    dialTimeout: 5000,
    readTimeout: 2000,
    logger,
  });
  made.push(buckets);
  return buckets;
}

async function command(...words: string[]): Promise<unknown> {
  const client = new Bun.RedisClient(`redis://127.0.0.1:${server.port}`);
  try {
    return await client.send(words[0], words.slice(1));
  } finally {
    client.close();
  }
}

describe("buckets in Redis", () => {
  test("several that ask at the same time get no more than there is", async () => {
    const limit = { interval: HOUR, burst: 5, patience: 0 };
    const processes = [1, 2, 3].map(() => bucketsOn(server.port));
    const waits = await Promise.all(
      Array.from({ length: 30 }, (_, i) => processes[i % 3].take("together", limit)),
    );
    expect(waits.filter((wait) => wait === 0).length).toBe(5);
    expect(Math.max(...waits)).toBeWithin(HOUR - 60_000, HOUR + 1);
  });

  test("a bucket fills with time, and is Traefik's hash until it is full", async () => {
    const buckets = bucketsOn(server.port);
    const limit = { interval: 100, burst: 2, patience: 0 };
    expect([await buckets.take("fills", limit), await buckets.take("fills", limit)]).toEqual([
      0, 0,
    ]);
    const hash = (await command("HGETALL", "rate:fills")) as Record<string, string>;
    expect(Object.keys(hash).sort()).toEqual(["last", "tokens"]);
    expect(Math.abs(Number(hash["last"]) / 1000 - Date.now())).toBeLessThan(60_000);
    expect(Number(await command("PTTL", "rate:fills"))).toBeWithin(1, 1300);
    await waitFor("a token", async () => (await buckets.take("fills", limit)) === 0);
    await waitFor("its end", async () => (await command("EXISTS", "rate:fills")) === 0);
  });

  test("a token that comes soon is taken before it is there", async () => {
    const buckets = bucketsOn(server.port);
    const limit = { interval: HOUR, burst: 1, patience: HOUR / 2 };
    expect(await buckets.take("early", limit)).toBe(0);
    expect(await buckets.take("early", limit)).toBeGreaterThan(HOUR / 2);
    const patient = { ...limit, patience: HOUR };
    expect(await buckets.take("early", patient)).toBeWithin(HOUR / 2, HOUR + 1);
    expect(await buckets.take("early", patient)).toBeGreaterThan(HOUR);
  });

  test("a server that has forgotten the script gets it again", async () => {
    const buckets = bucketsOn(server.port);
    const limit = { interval: HOUR, burst: 3, patience: 0 };
    await buckets.take("script", limit);
    await buckets.take("script", limit);
    await command("SCRIPT", "FLUSH");
    expect(await buckets.take("script", limit)).toBe(0);
    expect(await buckets.take("script", limit)).toBeGreaterThan(0);
  });

  test("a server that goes is said once, and so is its return", async () => {
    await using own = await startRedis();
    const lines: string[] = [];
    const log = (level: string) => (message: string, _fields?: LogFields) =>
      void lines.push(`${level} ${message}`);
    const logger = { ...silentLogger(), error: log("error"), info: log("info") } as Logger;
    const buckets = bucketsOn(own.port, logger);
    const limit = { interval: 1, burst: 1000, patience: 0 };
    expect(await buckets.take("k", limit)).toBe(0);
    await own.kill();
    await waitFor("the loss", () => lines.length > 0);
    for (let i = 0; i < 5; i++) expect(buckets.take("k", limit)).rejects.toThrow();
    await own.start();
    await waitFor("an answer", () =>
      buckets.take("k", limit).then(
        () => true,
        () => false,
      ),
    );
    expect(lines).toEqual([
      "error Redis can't be asked for rate limits",
      "info Redis answers again",
    ]);
  });

  test("a cluster's member that has the key is asked", async () => {
    await using own = await startRedis([
      "--cluster-enabled",
      "yes",
      "--cluster-announce-ip",
      "127.0.0.1",
    ]);
    const client = new Bun.RedisClient(`redis://127.0.0.1:${own.port}`);
    await client.send("CLUSTER", ["ADDSLOTSRANGE", "0", "16383"]);
    await waitFor("the cluster", async () =>
      String(await client.send("CLUSTER", ["INFO"])).includes("cluster_state:ok"),
    );
    client.close();
    const buckets = bucketsOn(own.port, silentLogger(), true);
    const limit = { interval: HOUR, burst: 1, patience: 0 };
    for (const key of ["a", "b", "c"]) expect(await buckets.take(key, limit)).toBe(0);
    expect(await buckets.take("b", limit)).toBeGreaterThan(0);
  });
});

describe("rateLimit with Redis", () => {
  async function limiter(port: number, more: object = { dialTimeout: 5000 }) {
    const options = {
      average: 1,
      period: HOUR,
      burst: 2,
      redis: {
        endpoints: [`127.0.0.1:${port}`],
        username: "",
        password: "",
        db: 0,
        readTimeout: 300,
        dialTimeout: 300,
        ...more,
      },
    } satisfies HttpMiddlewareOptions<"rateLimit">;
    const context = middlewareContext({
      name: "calm@file",
      redis: async (given) => ({ tls: null, connect: () => connectRedis(given) }),
    });
    const inputs = await rateLimit.inputs!(options, context);
    return rateLimit.create(options, context, inputs);
  }

  test("is one limit for all that use the middleware's name", async () => {
    const one = await limiter(server.port);
    const other = await limiter(server.port);
    const statuses: number[] = [];
    for (const { middleware } of [one, other, one, other])
      statuses.push((await apply(middleware)).response.status);
    expect(statuses).toEqual([200, 200, 429, 429]);
    const keys = (await command("KEYS", "rate:calm*")) as string[];
    expect(keys).toEqual(["rate:calm@file:192.0.2.7"]);
    one.stop?.();
    other.stop?.();
  });

  test("without a server requests are answered 500, or pass where that is wanted", async () => {
    using silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    for (const port of [1, silent.port]) {
      const closed = await limiter(port, {});
      const { response, reached } = await apply(closed.middleware);
      expect([reached, response.status]).toEqual([false, 500]);
      expect(await response.text()).toBe("Could not insert/update bucket\n");
      const open = await limiter(port, { failOpen: true });
      expect((await apply(open.middleware)).response.status).toBe(200);
      closed.stop?.();
      open.stop?.();
    }
  });
});
