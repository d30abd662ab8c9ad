import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { ResolvedServers } from "../../../src/control/resolved-servers.ts";
import type { Snapshot } from "../../../src/snapshot/snapshot.ts";

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

/** Lets what waits for an outcome go on. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

const snapshotOf = (services: Record<string, object>) =>
  ({ version: 1, services }) as unknown as Snapshot;

const balancing = (urls: readonly string[], resolve?: object) => ({
  loadBalancer: { servers: urls.map((url) => ({ url, weight: 2 })), ...(resolve && { resolve }) },
});

/** Servers over names whose addresses the test says. */
function scene(names: Record<string, string[] | "away" | "silent">) {
  const asked: string[] = [];
  const logs: string[] = [];
  let changes = 0;
  const log = (message: string, fields: unknown) =>
    void logs.push(`${message} ${JSON.stringify(fields)}`);
  const resolved = new ResolvedServers({
    async lookup(name) {
      asked.push(name);
      const found = names[name] ?? "away";
      if (found === "away") throw new Error(`no answer for ${name}`);
      if (found === "silent") return new Promise(() => {});
      return found;
    },
    logger: { info: log, warn: log },
    changed: () => void changes++,
  });
  return {
    resolved,
    asked,
    logs,
    get changes() {
      return changes;
    },
    async urls(service: object): Promise<(string | undefined)[]> {
      const { services } = await resolved.expand(snapshotOf({ s: service }));
      return (services["s"].loadBalancer?.servers ?? []).map(({ url }) => url);
    },
    async after(milliseconds: number) {
      jest.advanceTimersByTime(milliseconds);
      await settled();
    },
  };
}

test("a server for each address, IPv6 in brackets, each once, with all that the server has", async () => {
  const { resolved } = scene({ app: ["10.0.0.2", "10.0.0.1", "2001:DB8::1", "10.0.0.2"] });
  const service = balancing(["http://app:8080/base"], { interval: 10_000 });
  const expanded = await resolved.expand(snapshotOf({ s: service }));
  expect(expanded.services["s"].loadBalancer?.servers as unknown).toEqual([
    { url: "http://10.0.0.1:8080/base", weight: 2, name: "app" },
    { url: "http://10.0.0.2:8080/base", weight: 2, name: "app" },
    { url: "http://[2001:db8::1]:8080/base", weight: 2, name: "app" },
  ]);
  resolved.stop();
});

test("without the option nothing is looked up and the snapshot is the same object", async () => {
  const { resolved, asked } = scene({ app: ["10.0.0.1"] });
  const snapshot = snapshotOf({ s: balancing(["http://app"]) });
  expect(await resolved.expand(snapshot)).toBe(snapshot);
  expect(asked).toEqual([]);
});

test("addresses and Unix sockets stay as they are", async () => {
  const { urls, asked } = scene({});
  const given = ["http://10.0.0.1:80", "https://[::1]:443", "unix:///run/app.sock", "h2c://127.1"];
  expect(await urls(balancing(given, { interval: 10_000 }))).toEqual(given);
  expect(asked).toEqual([]);
});

test("looks again at each interval, the shortest of all services', and says only what is new", async () => {
  const names: Record<string, string[]> = { app: ["10.0.0.1"] };
  const s = scene(names);
  await s.resolved.expand(
    snapshotOf({
      a: balancing(["http://app"], { interval: 60_000 }),
      b: balancing(["h2c://app:81"], { interval: 5000 }),
    }),
  );
  await s.after(4999);
  expect(s.asked).toEqual(["app"]);
  await s.after(1);
  expect([s.asked.length, s.changes]).toEqual([2, 0]);
  names["app"] = ["10.0.0.2", "10.0.0.1"];
  await s.after(5000);
  expect(s.changes).toBe(1);
  expect(await s.urls(balancing(["http://app"], { interval: 5000 }))).toEqual([
    "http://10.0.0.1",
    "http://10.0.0.2",
  ]);
  // The order of an answer is no news.
  names["app"] = ["10.0.0.1", "10.0.0.2"];
  await s.after(5000);
  expect(s.changes).toBe(1);
  s.resolved.stop();
  await s.after(60_000);
  expect(s.asked).toHaveLength(4);
});

test("a second is the shortest interval", async () => {
  const s = scene({ app: ["10.0.0.1"] });
  await s.urls(balancing(["http://app"], { interval: 1 }));
  await s.after(999);
  expect(s.asked).toHaveLength(1);
  await s.after(1);
  expect(s.asked).toHaveLength(2);
  s.resolved.stop();
});

test("while names can't be resolved their addresses are kept, and the log says it once", async () => {
  const names: Record<string, string[] | "away"> = { app: ["10.0.0.1"] };
  const s = scene(names);
  const service = balancing(["http://app"], { interval: 1000 });
  await s.urls(service);
  for (const gone of ["away", []] as const) {
    names["app"] = gone as "away";
    await s.after(1000);
  }
  expect(await s.urls(service)).toEqual(["http://10.0.0.1"]);
  expect([s.changes, s.logs.length]).toEqual([0, 1]);
  expect(s.logs[0]).toContain('"name":"app","addresses":1,"error":"no answer for app"');
  names["app"] = ["10.0.0.1"];
  await s.after(1000);
  expect(s.logs[1]).toContain("A server's name is resolved again");
  s.resolved.stop();
});

test("a name that never was resolved stays a name, and its addresses are a change when they come", async () => {
  const names: Record<string, string[] | "away"> = {};
  const s = scene(names);
  const service = balancing(["http://app:81"], { interval: 1000 });
  expect(await s.urls(service)).toEqual(["http://app:81"]);
  names["app"] = ["10.0.0.1"];
  await s.after(1000);
  expect(s.changes).toBe(1);
  expect(await s.urls(service)).toEqual(["http://10.0.0.1:81"]);
  s.resolved.stop();
});

test("a DNS that doesn't answer holds a configuration up for half a second and no longer", async () => {
  const s = scene({ app: "silent" });
  let urls: unknown;
  void s.urls(balancing(["http://app"], { interval: 1000 })).then((found) => (urls = found));
  await s.after(499);
  expect(urls).toBeUndefined();
  await s.after(1);
  expect(urls).toEqual(["http://app"]);
  s.resolved.stop();
});

test("a name that no service has any more isn't looked at", async () => {
  const s = scene({ app: ["10.0.0.1"], other: ["10.0.0.2"] });
  await s.urls(balancing(["http://app"], { interval: 1000 }));
  await s.urls(balancing(["http://other"], { interval: 1000 }));
  await s.after(3000);
  expect(s.asked.filter((name) => name === "app")).toEqual(["app"]);
  s.resolved.stop();
});

test("no more than 256 addresses of a name are used", async () => {
  const s = scene({ app: Array.from({ length: 400 }, (_, i) => `10.0.${i >> 8}.${i & 255}`) });
  expect(await s.urls(balancing(["http://app"], { interval: 1000 }))).toHaveLength(256);
  s.resolved.stop();
});
