import { MemoryCache, type StoredCache } from "./memory-cache.ts";

/** Bytes that all caches of a worker may hold together; what was used longest ago goes first. */
const BUDGET = 64 * 1024 * 1024;

/** The `caches` of the Service Worker standard, with Cloudflare's `default`. */
export class MemoryCacheStorage {
  private readonly caches = new Map<string, MemoryCache>();
  /** Entries of all caches, those used last at the end. */
  private readonly entries: StoredCache;

  constructor(budget = BUDGET) {
    this.entries = { budget, used: 0, order: new Map() };
  }

  get default(): MemoryCache {
    return this.cache("default");
  }

  open(name: string): Promise<MemoryCache> {
    return Promise.resolve(this.cache(String(name)));
  }

  has(name: string): Promise<boolean> {
    return Promise.resolve(this.caches.has(name));
  }

  delete(name: string): Promise<boolean> {
    this.caches.get(name)?.clear();
    return Promise.resolve(this.caches.delete(name));
  }

  keys(): Promise<string[]> {
    return Promise.resolve([...this.caches.keys()]);
  }

  async match(
    request: Request | string | URL,
    options: CacheQueryOptions & { cacheName?: string } = {},
  ): Promise<Response | undefined> {
    const { cacheName } = options;
    for (const [name, cache] of this.caches) {
      if (cacheName !== undefined && name !== cacheName) continue;
      const found = await cache.match(request, options);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private cache(name: string): MemoryCache {
    let cache = this.caches.get(name);
    if (cache === undefined) this.caches.set(name, (cache = new MemoryCache(this.entries)));
    return cache;
  }
}

/** Gives modules the global `caches` where the platform has none (Bun). */
export function ensureCaches(): void {
  if ("caches" in globalThis) return;
  const value = new MemoryCacheStorage();
  Object.defineProperty(globalThis, "caches", { value, configurable: true, enumerable: false });
}
