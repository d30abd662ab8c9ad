import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../../../../../runtime/bun/engine/database.ts";
import { nodeFiles } from "../../../../../../runtime/node/files.ts";
import type { KvNamespace } from "../../../../../../src/services/http/handler/kv/kv-namespace.ts";
import { KvStore } from "../../../../../../src/services/http/handler/kv/kv-store.ts";
import { KvStores } from "../../../../../../src/services/http/handler/kv/kv-stores.ts";

const directory = mkdtempSync(join(tmpdir(), "sluice-kv-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(directory, `deep/${++files}.kv`);

async function scene(maxBytes = 1_000_000) {
  const stores = new KvStores(nodeFiles, openDatabase);
  const path = newPath();
  const kv = await stores.namespace({ path, maxBytes });
  return { kv, path, [Symbol.asyncDispose]: () => stores.close() };
}

describe("values", () => {
  test("are text, JSON, bytes or a stream, as they are asked for", async () => {
    await using it = await scene();
    const { kv } = it;
    await kv.put("a", '{"b":"\u00fc"}');
    expect(await kv.get("a")).toBe('{"b":"\u00fc"}');
    expect(await kv.get("a", "json")).toEqual({ b: "\u00fc" });
    expect(await kv.get("a", { type: "bytes" })).toEqual(
      new TextEncoder().encode('{"b":"\u00fc"}'),
    );
    expect((await kv.get("a", "arrayBuffer")) as ArrayBuffer).toBeInstanceOf(ArrayBuffer);
    const stream = (await kv.get("a", "stream")) as ReadableStream;
    expect(await new Response(stream).text()).toBe('{"b":"\u00fc"}');
    await kv.put("bytes", new Uint8Array([0, 1, 255]).subarray(1));
    expect(await kv.get("bytes", "bytes")).toEqual(new Uint8Array([1, 255]));
    await kv.put("streamed", new Response("of a stream").body!);
    expect(await kv.get("streamed")).toBe("of a stream");
    await kv.put("empty", "");
    expect(await kv.get("empty")).toBe("");
    expect(await kv.get("nothing", "json")).toBeNull();
  });

  test("are replaced and deleted, with what was noted of them", async () => {
    await using it = await scene();
    const { kv } = it;
    await kv.put("a", "1", { metadata: { by: "x" } });
    expect(await kv.getWithMetadata("a")).toEqual({ value: "1", metadata: { by: "x" } });
    await kv.put("a", "2");
    expect(await kv.getWithMetadata("a")).toEqual({ value: "2", metadata: null });
    await kv.delete("a");
    await kv.delete("a");
    expect(await kv.get("a")).toBeNull();
  });

  test("are there for others at once, and after the store was closed; no other user reads the file", async () => {
    await using it = await scene();
    await using other = {
      stores: new KvStores(nodeFiles, openDatabase),
      [Symbol.asyncDispose]: async () => {},
    };
    const same = await other.stores.namespace({ path: it.path, maxBytes: 1_000_000 });
    await it.kv.put("a", "1");
    expect(await same.get("a")).toBe("1");
    await same.put("a", "2");
    expect(await it.kv.get("a")).toBe("2");
    await other.stores.close();
    const again = await other.stores.namespace({ path: it.path, maxBytes: 1_000_000 });
    expect(await again.get("a")).toBe("2");
    await other.stores.close();
    expect(statSync(it.path).mode & 0o777).toBe(0o600);
  });
});

test("what has expired is gone, from the answers and from the file", async () => {
  let now = 1_000_000;
  const store = new KvStore(await openDatabase(newPath()), () => now);
  const bytes = new Uint8Array(10);
  const free = store.bytes;
  for (let i = 0; i < 150; i++) store.put(`k${i}`, bytes, null, now + 5_000, 1_000_000);
  expect(store.get("k1")).toBeDefined();
  now += 5_000;
  expect(store.get("k1")).toBeUndefined();
  expect(store.list("", "", 10)).toEqual([]);
  expect(store.bytes).toBeGreaterThan(free);
  store.put("x", bytes, null, null, 1_000_000);
  store.put("x", bytes, null, null, 1_000_000);
  store.delete("x");
  expect(store.bytes).toBe(free);
  store.close();
});

test("expirationTtl and expiration are seconds", async () => {
  await using it = await scene();
  const soon = Math.floor(Date.now() / 1000) + 600;
  await it.kv.put("a", "1", { expirationTtl: 600 });
  await it.kv.put("b", "1", { expiration: soon });
  await it.kv.put("c", "1", { expiration: 1 });
  const { keys } = await it.kv.list();
  expect(keys.map(({ name }) => name)).toEqual(["a", "b"]);
  expect(keys[1].expiration).toBe(soon);
  expect(keys[0].expiration! - soon).toBeLessThanOrEqual(60);
});

test("keys are listed by prefix, in the order of their bytes, page by page", async () => {
  await using it = await scene();
  const { kv } = it;
  for (const key of ["b/2", "a", "b/10", "b/\u00fc", "b/\u{1f600}", "b/1", "b%", "c"])
    await kv.put(key, "x", key === "b/1" ? { metadata: 1 } : {});
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await kv.list({ prefix: "b/", limit: 2, cursor });
    pages.push(page.keys.map(({ name }) => name));
    if (pages.length === 1) expect(page.keys[0]).toEqual({ name: "b/1", metadata: 1 });
    cursor = page.cursor;
    expect(page.list_complete).toBe(cursor === undefined);
  } while (cursor !== undefined);
  expect(pages).toEqual([["b/1", "b/10"], ["b/2", "b/\u00fc"], ["b/\u{1f600}"]]);
  expect((await kv.list()).keys).toHaveLength(8);
});

test("a full store refuses, keeps what it had, and takes again what fits", async () => {
  await using it = await scene(1_000);
  const { kv } = it;
  await kv.put("a", "x".repeat(500));
  await expect(kv.put("b", "x".repeat(500))).rejects.toThrow("the store is full");
  await expect(kv.put("a", "x".repeat(1_000))).rejects.toThrow("the store is full");
  expect(await kv.get("a")).toBe("x".repeat(500));
  await kv.put("a", "x");
  await kv.put("b", "x".repeat(500));
});

test.each<[what: string, work: (kv: KvNamespace) => Promise<unknown>, message: string]>([
  ["no key", (kv) => kv.get(""), "expected a key"],
  ["a long key", (kv) => kv.put("\u00fc".repeat(257), ""), "at most 512 bytes, found 514"],
  ["a key that is no text", (kv) => kv.put("\ud800", ""), "lone surrogates"],
  ["a long value", (kv) => kv.put("a", new Uint8Array(1_048_577)), "at most 1048576 bytes"],
  [
    "a long stream",
    (kv) => kv.put("a", new Blob([new Uint8Array(1_048_577)]).stream()),
    "at most 1048576 bytes",
  ],
  ["a value that is none", (kv) => kv.put("a", 1 as unknown as string), "expected text, bytes"],
  ["long metadata", (kv) => kv.put("a", "", { metadata: "x".repeat(1_023) }), "found 1025"],
  ["an end in the past", (kv) => kv.put("a", "", { expirationTtl: -1 }), "found -1"],
  ["a limit of none", (kv) => kv.list({ limit: 0 }), "from 1 to 1000, found 0"],
  ["a made-up cursor", (kv) => kv.list({ cursor: "xyz" }), "none that list gave"],
])("%s is refused", async (_, work, message) => {
  await using it = await scene();
  await expect(work(it.kv)).rejects.toThrow(message);
  expect((await it.kv.list()).keys).toEqual([]);
});

test("a file that is no store is named", async () => {
  const path = join(directory, "text.kv");
  await Bun.write(
    path,
    "this is no database, and long enough to be seen as something else".repeat(9),
  );
  const stores = new KvStores(nodeFiles, openDatabase);
  await expect(stores.namespace({ path, maxBytes: 1 })).rejects.toThrow(`the store "${path}"`);
});
