import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { toolPath } from "../../../../scripts/tool-path.ts";
import { staticSchema } from "../../../../src/config/static/schema.ts";
import { redisProvider } from "../../../../src/providers/kv/store-factories.ts";
import { testWith } from "../../../support/requires.ts";
import { accepts, ServerProcess } from "../../../support/servers/server-process.ts";
import { startRedis } from "../../../support/servers/store-servers.ts";
import { freePort } from "../../../support/sockets/free-port.ts";
import { waitFor } from "../../../support/wait-for.ts";
import { runProvider } from "../provider-scene.ts";

const test = testWith("redis-server");

/** A sentinel that watches one master, alone. */
async function startSentinel(master: number) {
  const port = await freePort();
  const sentinel = new ServerProcess((directory) => [
    toolPath("redis-server")!,
    join(directory, "sentinel.conf"),
    "--sentinel",
  ]);
  writeFileSync(
    join(sentinel.directory, "sentinel.conf"),
    [
      `port ${port}`,
      "bind 127.0.0.1",
      `sentinel monitor main 127.0.0.1 ${master} 1`,
      "sentinel down-after-milliseconds main 500",
      "sentinel failover-timeout main 2000",
    ].join("\n"),
  );
  await sentinel.start(() => accepts(port));
  return { sentinel, port };
}

async function call(port: number, ...command: readonly string[]): Promise<unknown> {
  const client = new Bun.RedisClient(`redis://127.0.0.1:${port}`);
  try {
    return await client.send(command[0], command.slice(1));
  } finally {
    client.close();
  }
}

test("Redis is found by its sentinels, and its successor when it goes", async () => {
  await using master = await startRedis();
  await using replica = await startRedis(["--replicaof", "127.0.0.1", String(master.port)]);
  await master.put({ "traefik/http/services/s/loadbalancer/servers/0/url": "http://a" });
  const { sentinel, port } = await startSentinel(master.port);
  await using _ = sentinel;
  await waitFor("the sentinel to know the replica", async () =>
    JSON.stringify(await call(port, "SENTINEL", "replicas", "main")).includes(String(replica.port)),
  );
  const { redis } = staticSchema.parse({
    providers: { redis: { endpoints: [`127.0.0.1:${port}`], sentinel: { masterName: "main" } } },
  }).providers;
  using running = await runProvider((context) => redisProvider(redis!, context));
  await running.servers("s", "http://a");
  await master.put({ "traefik/http/services/s/loadbalancer/servers/0/url": "http://b" });
  await running.servers("s", "http://b");
  await waitFor("the replica to have it too", async () =>
    Object.is(
      await call(replica.port, "GET", "traefik/http/services/s/loadbalancer/servers/0/url"),
      "http://b",
    ),
  );
  await master.kill();
  await waitFor("the replica to be the master", async () =>
    JSON.stringify(await call(replica.port, "ROLE")).includes('"master"'),
  );
  expect(running.configuration?.http?.services?.["s"]).toBeDefined();
  await replica.put({ "traefik/http/services/s/loadbalancer/servers/0/url": "http://c" });
  await running.servers("s", "http://c");
  expect(running.lines.join("\n")).toContain("Connected again");
}, 60_000);
