import { describe, expect } from "bun:test";
import { bunRuntime } from "../../../../runtime/bun/bun-runtime.ts";
import type { DynamicConfiguration } from "../../../../src/config/dynamic/schema.ts";
import { staticSchema } from "../../../../src/config/static/schema.ts";
import type { Logger } from "../../../../src/core/logger.ts";
import { createProviders } from "../../../../src/providers/table.ts";
import { testWith } from "../../../support/requires.ts";
import {
  type StoreServer,
  startEtcd,
  startRedis,
  startZooKeeper,
} from "../../../support/servers/store-servers.ts";
import { waitFor } from "../../../support/wait-for.ts";

const STORES: readonly [string, ReturnType<typeof testWith>, () => Promise<StoreServer>][] = [
  ["redis", testWith("redis-server"), startRedis],
  ["etcd", testWith("etcd"), startEtcd],
  ["zooKeeper", testWith("java"), startZooKeeper],
];

const CHANGES = 500;

/** Servers of Java take their time to start. Milliseconds. */
const LONG = 120_000;

const url = (value: string) => ({ "traefik/http/services/s/loadbalancer/servers/0/url": value });

describe.each(STORES)("%s", (provider, test, start) => {
  test(
    "changes 500 times in a row: few are looked at, the last is seen",
    async () => {
      await using store = await start();
      await store.put(url("http://first"));
      const nothing = () => {};
      const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing } as object;
      Object.assign(logger, { with: () => logger });
      const { providers } = staticSchema.parse({
        providers: { [provider]: { endpoints: [`127.0.0.1:${store.port}`] } },
      });
      const [made] = createProviders(providers, {
        runtime: bunRuntime(),
        logger: logger as Logger,
        watch: true,
      });
      // Node's word for watchers that pile up.
      const warnings: string[] = [];
      const warned = ({ message }: Error) => warnings.push(message);
      process.on("warning", warned);
      const emitted: DynamicConfiguration[] = [];
      const stop = await made.start(({ configuration }) => emitted.push(configuration));
      const seen = (value: string) =>
        waitFor(`${value}, there is ${JSON.stringify(emitted.at(-1))}`, () => {
          const servers = emitted.at(-1)?.http?.services?.["s"]?.loadBalancer?.servers;
          return servers?.[0]?.url === value;
        });
      try {
        await seen("http://first");
        emitted.length = 0;
        for (let at = 0; at < CHANGES; at += 20)
          await Promise.all(
            Array.from({ length: 20 }, (_, more) => store.put(url(`http://change-${at + more}`))),
          );
        await store.put(url("http://last"));
        await seen("http://last");
        expect(emitted.length).toBeLessThan(CHANGES / 4);
        expect(warnings).toEqual([]);
      } finally {
        process.off("warning", warned);
        stop();
      }
    },
    LONG,
  );
});
