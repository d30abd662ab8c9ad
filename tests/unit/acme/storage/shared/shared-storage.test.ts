import { afterAll, beforeAll, describe, expect, test as plainTest } from "bun:test";
import { nodeHttpClient } from "../../../../../runtime/node/clients/http-client.ts";
import { connectRedis } from "../../../../../runtime/node/clients/redis.ts";
import { ConsulLeasedStore } from "../../../../../src/acme/storage/shared/consul-leased-store.ts";
import { EtcdLeasedStore } from "../../../../../src/acme/storage/shared/etcd-leased-store.ts";
import type { Lease, LeasedStore } from "../../../../../src/acme/storage/shared/leased-store.ts";
import { RedisLeasedStore } from "../../../../../src/acme/storage/shared/redis-leased-store.ts";
import { SharedStorage } from "../../../../../src/acme/storage/shared/shared-storage.ts";
import type { StoredCertificate } from "../../../../../src/acme/storage/stored.ts";
import { createLogger } from "../../../../../src/telemetry/logger.ts";
import { MemoryFile } from "../../../../support/memory-file.ts";
import { testWith } from "../../../../support/requires.ts";
import { ConsulDouble } from "../../../../support/servers/consul-double.ts";
import { startEtcd, startRedis } from "../../../../support/servers/store-servers.ts";
import { waitFor } from "../../../../support/wait-for.ts";

interface Server {
  readonly store: (lease: Lease) => LeasedStore;
  /** Undefined where it can't be ended and come back with what it had. */
  readonly kill?: () => Promise<void>;
  readonly start?: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

const account = { username: "", password: "" };

const SERVERS: readonly [string, ReturnType<typeof testWith>, () => Promise<Server>][] = [
  [
    "Redis",
    testWith("redis-server"),
    async () => {
      const server = await startRedis(["--requirepass", "secret", "--appendfsync", "always"]);
      const options = { endpoints: [`127.0.0.1:${server.port}`], username: "", db: 0 };
      return {
        store: (lease) =>
          new RedisLeasedStore({ ...options, password: "secret" }, lease, { redis: connectRedis }),
        kill: () => server.kill(),
        start: () => server.start(),
        stop: async () => server[Symbol.asyncDispose](),
      };
    },
  ],
  [
    "etcd",
    testWith("etcd"),
    async () => {
      const server = await startEtcd();
      const options = { ...account, endpoints: [`127.0.0.1:${server.port}`] };
      return {
        store: (lease) => new EtcdLeasedStore(options, lease, { httpClient: nodeHttpClient }),
        kill: () => server.kill(),
        start: () => server.start(),
        stop: async () => server[Symbol.asyncDispose](),
      };
    },
  ],
  [
    "Consul",
    plainTest,
    async () => {
      const double = new ConsulDouble();
      double.token = "t";
      const options = { address: double.address, token: "t" };
      return {
        store: (lease) => new ConsulLeasedStore(options, lease, { httpClient: nodeHttpClient }),
        stop: async () => double.stop(),
      };
    },
  ],
];

/** Of a lease, in seconds: long for a busy machine, and what a test waits for. */
const LIFE = 10;
const SHORT_LIFE = 3;
let root = 0;

function certificate(name: string, text: string): StoredCertificate {
  return { main: name, sans: [`www.${name}`], certificate: text, key: "key", store: "default" };
}

/** An instance with the storage at the present root. */
async function open(server: Server, holder: string, { readOnly = false, life = LIFE } = {}) {
  const place = `test/${root}`;
  const lease = { key: `${place}-lease`, holder, life };
  const store = server.store(lease);
  const log = new MemoryFile();
  const storage = new SharedStorage({
    store,
    root: place,
    logger: createLogger({ level: "info", format: "common" }, log),
    life,
    readOnly,
    beat: 50,
  });
  let told = 0;
  storage.follow(() => told++);
  await storage.open();
  const said = () => log.writes.map((bytes) => new TextDecoder().decode(bytes)).join("");
  const texts = () => storage.section("le").certificates.map((one) => one.certificate);
  const add = (name: string, text: string) =>
    storage.update("le", (section) => ({
      ...section,
      certificates: [
        ...section.certificates.filter(({ main }) => main !== name),
        certificate(name, text),
      ],
    }));
  return { store, storage, said, texts, add, told: () => told };
}

describe.each(SERVERS)("%s", (_, test, begin) => {
  let server: Server;
  beforeAll(async () => {
    server = await begin();
  });
  afterAll(() => server?.stop());

  test("one instance orders, all have what it writes, another one follows when it ends", async () => {
    root++;
    const first = await open(server, "first");
    const second = await open(server, "second");
    expect([first.storage.isOwner, second.storage.isOwner]).toEqual([true, false]);
    const privateKey = new Uint8Array([1, 2]);
    const registration = { uri: "https://ca/1", body: {} };
    await first.storage.update("le", (section) => ({
      ...section,
      account: { email: "a@b", registration, privateKey },
    }));
    await first.add("a.test", "one");
    await first.add("b.test", "two");
    await first.add("a.test", "three");
    await waitFor("the other to have them", () => second.texts().sort().join() === "three,two");
    const { account: read } = second.storage.section("le");
    expect(read).toEqual({ email: "a@b", registration, privateKey });
    expect(second.storage.section("other")).toEqual({ account: undefined, certificates: [] });
    expect(second.told()).toBeGreaterThan(0);
    const failure = { names: ["x"], error: "no", at: 1, nextTry: 2, tries: 1 };
    first.storage.note("le", [failure], [7]);
    await waitFor("its notes", () => second.storage.demands("le").length === 1);
    expect(second.storage.failures("le")).toEqual([failure]);

    // Answers to HTTP-01 are everyone's while they are under way.
    await first.storage.tokens.set("host token", "answer");
    expect(await second.storage.tokens.find("host token")).toBe("answer");
    await first.storage.tokens.delete("host token");
    await first.storage.tokens.set("host left", "behind");
    expect(await second.storage.tokens.find("host token")).toBeUndefined();

    await expect(second.add("c.test", "refused")).rejects.toThrow("another instance has the lease");
    const reader = await open(server, "reader", { readOnly: true });
    expect(reader.texts().sort()).toEqual(["three", "two"]);
    await reader.storage.close();

    await first.storage.close();
    await waitFor("the other to take its place", () => second.storage.isOwner);
    await waitFor("it to be said", () =>
      second.said().includes("This instance orders certificates from now on"),
    );
    expect(await second.storage.tokens.find("host left")).toBeUndefined();
    await second.add("d.test", "four");
    const third = await open(server, "third");
    expect(third.texts()).toContain("four");
    await second.storage.close();
    await third.storage.close();
  }, 30_000);

  test("one that gives no sign of life loses the lease, and can't write any more", async () => {
    root++;
    const lease = { key: `test/${root}-lease`, holder: "dead", life: SHORT_LIFE };
    const dead = server.store(lease);
    expect(await dead.hold()).toBe(true);
    expect(await dead.write(new Map([["test/x", "1"]]))).toBe(true);
    const heir = await open(server, "heir", { life: SHORT_LIFE });
    expect(heir.storage.isOwner).toBe(false);
    await waitFor("the lease to end", () => heir.storage.isOwner);
    expect(await dead.write(new Map([["test/x", "2"]]))).toBe(false);
    expect(await heir.store.read("test/x")).toBe("1");
    expect(await dead.hold()).toBe(false);
    await heir.storage.close();
    dead.close();
  }, 30_000);

  test("what a store loses that comes back without it is written again", async () => {
    root++;
    const one = await open(server, "one");
    const two = await open(server, "two");
    await one.add("a.test", "one");
    await waitFor("the other to have it", () => two.texts().length === 1);
    const gone = [...(await one.store.list(`test/${root}/`)).keys()].map((key) => `${root}/${key}`);
    const keys = [...gone, `${root}-version`].map((key): [string, null] => [`test/${key}`, null]);
    expect(await one.store.write(new Map(keys))).toBe(true);
    await waitFor("it to be there again", async () => {
      const there = await two.store.list(`test/${root}/`);
      return there.size === gone.length;
    });
    expect([one.texts(), two.texts()]).toEqual([["one"], ["one"]]);
    expect(one.said()).toContain("has lost what was written to it");
    await one.storage.close();
    await two.storage.close();
  }, 30_000);

  test("many values, and long ones", async () => {
    root++;
    const one = await open(server, "one");
    const long = "x".repeat(60_000);
    const certificates = Array.from({ length: 130 }, (_, i) =>
      certificate(`n${i}.test`, i % 20 === 0 ? long : `text ${i}`),
    );
    await one.storage.update("le", (section) => ({ ...section, certificates }));
    const two = await open(server, "two");
    expect(two.texts().sort()).toEqual(one.texts().sort());
    expect(two.texts()).toHaveLength(130);
    await one.storage.update("le", (section) => ({ ...section, certificates: [] }));
    await waitFor("them to be gone", () => two.texts().length === 0);
    await one.storage.close();
    await two.storage.close();
  }, 30_000);

  test("what was read goes on where the store is away, and what is new is written later", async () => {
    if (server.kill === undefined) return;
    root++;
    const one = await open(server, "one", { life: SHORT_LIFE });
    await one.add("a.test", "one");
    await server.kill();
    await waitFor("it to be said", () => one.said().includes("can't be reached"));
    const late = await open(server, "late", { life: SHORT_LIFE });
    expect([one.texts(), late.texts()]).toEqual([["one"], []]);
    // It had been ordered when the store went away.
    await expect(one.add("b.test", "two")).rejects.toThrow();
    expect(one.texts().sort()).toEqual(["one", "two"]);
    await waitFor("the lease to be doubtful", () => !one.storage.isOwner);
    await server.start!();
    const owner = () => [one, late].find(({ storage }) => storage.isOwner);
    await waitFor("one to order", owner);
    expect(one.said().split("can't be reached").length).toBe(2);
    await waitFor("it to be said that it is back", () => one.said().includes("is there again"));
    expect(one.texts()).toContain("one");
    await waitFor("the other to have it", () => late.texts().includes("one"));
    await one.storage.close();
    await late.storage.close();
  }, 60_000);
});
