import { describe, expect } from "bun:test";
import { get } from "../../support/http/get.ts";
import { testWith } from "../../support/requires.ts";
import { type Router, startRouter } from "../../support/router.ts";
import {
  type StoreServer,
  startEtcd,
  startRedis,
  startZooKeeper,
} from "../../support/servers/store-servers.ts";
import { waitFor } from "../../support/wait-for.ts";

/** One router and its service, as pairs below the root. */
function tree(name: string): Record<string, string> {
  return {
    [`traefik/http/routers/${name}/rule`]: `Path(\`/${name}\`)`,
    [`traefik/http/routers/${name}/service`]: name,
    [`traefik/http/services/${name}/loadbalancer/servers/0/url`]: upstream.url.origin,
  };
}

const upstream = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("served") });

const MANY = 50;
/** A server of Java starts three times in it. Milliseconds. */
const LONG = 180_000;

const status = async (router: Router, path: string) => (await get(router.port, path)).status;
const serves = (router: Router, path: string) =>
  waitFor(`${path} to be served`, async () => (await status(router, path)) === 200);
const serveNot = (router: Router, path: string) =>
  waitFor(`${path} to be gone`, async () => (await status(router, path)) === 404);

/** The router, with one route of the file provider and a store as another provider. */
const routerWith = (provider: string, port: number) =>
  startRouter({
    dynamic: "http: {routers: {file: {rule: Path(`/file`), service: whoami@internal}}}\n",
    providers: `  ${provider}: {endpoints: ["127.0.0.1:${port}"]}`,
  });

const STORES: readonly [
  name: string,
  provider: string,
  test: ReturnType<typeof testWith>,
  start: () => Promise<StoreServer>,
][] = [
  ["Redis", "redis", testWith("redis-server"), startRedis],
  ["etcd", "etcd", testWith("etcd"), startEtcd],
  ["ZooKeeper", "zooKeeper", testWith("java"), startZooKeeper],
];

describe.each(STORES)("%s", (_, provider, test, start) => {
  test(
    "is followed through changes, broken data and an outage, and other routes go on",
    async () => {
      await using store = await start();
      // Down at the router's start.
      await store.kill();
      await using router = await routerWith(provider, store.port);
      expect(await status(router, "/file")).toBe(200);
      await store.start();
      await store.put(tree("first"));
      await serves(router, "/first");
      await store.put(tree("second"));
      await serves(router, "/second");

      // Broken data costs the element that has it.
      await store.put({ "traefik/http/routers/broken/rulle": "x", ...tree("third") });
      await serves(router, "/third");
      expect(await status(router, "/first")).toBe(200);

      // The connection is cut in the middle: what there was goes on.
      await store.kill();
      for (const path of ["/first", "/third", "/file"])
        expect(await status(router, path)).toBe(200);
      await store.start();
      await store.put(tree("fourth"));
      await serves(router, "/fourth");

      // Many changes at once are one new configuration.
      const many = Array.from({ length: MANY }, (_, i) => tree(`many${i}`));
      await store.put(Object.assign({}, ...many));
      await serves(router, `/many${MANY - 1}`);
      await store.remove("traefik");
      await serveNot(router, "/first");
      expect(await status(router, "/file")).toBe(200);
      expect(await router.program.stop()).toBe(0);
    },
    LONG,
  );
});
