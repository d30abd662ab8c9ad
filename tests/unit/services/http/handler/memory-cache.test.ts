import { describe, expect, test } from "bun:test";
import { MemoryCacheStorage } from "../../../../../src/services/http/handler/cache-storage.ts";

const cached = (text: string, headers: Record<string, string> = {}) =>
  new Response(text, { headers });

describe("a cache", () => {
  test("gives what was put there, as often as asked", async () => {
    const cache = await new MemoryCacheStorage().open("v1");
    await cache.put("http://a/x?q#part", cached("x", { "x-a": "1" }));
    for (const url of ["http://a/x?q", "http://a/x?q#other"]) {
      const found = (await cache.match(url))!;
      expect([found.status, found.headers.get("x-a"), await found.text()]).toEqual([200, "1", "x"]);
    }
    expect(await cache.match("http://a/x")).toBeUndefined();
    expect(await (await cache.match("http://a/x", { ignoreSearch: true }))!.text()).toBe("x");
    expect(await cache.match(new Request("http://a/x?q", { method: "POST" }))).toBeUndefined();
    await cache.put("http://a/x?q", cached("y"));
    expect(await (await cache.match("http://a/x?q"))!.text()).toBe("y");
    expect((await cache.keys()).map(({ url }) => url)).toEqual(["http://a/x?q"]);
    expect(await cache.delete("http://a/x?q")).toBe(true);
    expect(await cache.match("http://a/x?q")).toBeUndefined();
    expect(await cache.delete("http://a/x?q")).toBe(false);
  });

  test("keeps apart what Vary tells apart", async () => {
    const cache = new MemoryCacheStorage().default;
    const german = new Request("http://a/", { headers: { "accept-language": "de" } });
    const english = new Request("http://a/", { headers: { "accept-language": "en" } });
    await cache.put(german, cached("hallo", { vary: "Accept-Language" }));
    await cache.put(english, cached("hello", { vary: "Accept-Language" }));
    expect(await (await cache.match(german))!.text()).toBe("hallo");
    expect(await (await cache.match(english))!.text()).toBe("hello");
    expect(await cache.match("http://a/")).toBeUndefined();
  });

  test("refuses what can't be cached", async () => {
    const cache = new MemoryCacheStorage().default;
    const put = (request: string | Request, response: Response) => cache.put(request, response);
    const post = new Request("http://a/", { method: "POST" });
    await expect(put(post, cached("x"))).rejects.toThrow("POST");
    await expect(put("http://a/", new Response("x", { status: 206 }))).rejects.toThrow("206");
    await expect(put("http://a/", cached("x", { vary: "a, *" }))).rejects.toThrow("Vary");
    const read = cached("x");
    await read.text();
    await expect(put("http://a/", read)).rejects.toThrow("read already");
  });

  test("gives nothing that is stale", async () => {
    const cache = new MemoryCacheStorage().default;
    const fresh: Record<string, string>[] = [
      {},
      { "cache-control": "max-age=60" },
      { "cache-control": "max-age=0, s-maxage=60" },
      { expires: new Date(Date.now() + 60_000).toUTCString() },
    ];
    const stale: Record<string, string>[] = [
      { "cache-control": "no-store" },
      { "cache-control": "max-age=0" },
      { "cache-control": "s-maxage=0, max-age=60" },
      { expires: "0" },
    ];
    for (const headers of [...fresh, ...stale]) {
      await cache.put("http://a/", cached("x", headers));
      expect((await cache.match("http://a/")) !== undefined).toBe(fresh.includes(headers));
    }
  });
});

describe("caches", () => {
  test("are opened, listed, asked together and deleted by name", async () => {
    const caches = new MemoryCacheStorage();
    const [a, b] = [await caches.open("a"), await caches.open("b")];
    await a.put("http://x/", cached("of a"));
    await b.put("http://x/", cached("of b"));
    expect(await caches.keys()).toEqual(["a", "b"]);
    expect(await (await caches.match("http://x/"))!.text()).toBe("of a");
    expect(await (await caches.match("http://x/", { cacheName: "b" }))!.text()).toBe("of b");
    expect([await caches.delete("a"), await caches.delete("a")]).toEqual([true, false]);
    expect([await caches.has("a"), await caches.has("b")]).toEqual([false, true]);
    expect(await a.match("http://x/")).toBeUndefined();
  });

  test("stay within their budget: what was used longest ago goes", async () => {
    const caches = new MemoryCacheStorage(10_000);
    const body = "x".repeat(3000);
    const [a, b] = [await caches.open("a"), await caches.open("b")];
    await a.put("http://x/1", cached(body));
    await b.put("http://x/2", cached(body));
    expect(await a.match("http://x/1")).toBeDefined();
    await a.put("http://x/3", cached(body));
    expect(await b.match("http://x/2")).toBeUndefined();
    expect(await a.match("http://x/1")).toBeDefined();
    expect(await a.match("http://x/3")).toBeDefined();
    await expect(a.put("http://x/4", cached("x".repeat(10_001)))).rejects.toThrow(
      "more than the 10000",
    );
    expect(await a.match("http://x/3")).toBeDefined();
  });
});
