import type { HeaderList } from "../../../../wire/header-list.ts";
import type { Purge } from "../../http-middleware.ts";
import type { CacheKey } from "../cache-key.ts";
import type { StoredResponse } from "../stored/stored-response.ts";
import type { DiskStore } from "./disk-store.ts";
import type { Invalidations } from "./invalidations.ts";
import type { MemoryStore } from "./memory-store.ts";

/** Purges by prefix that responses on their way are compared with; what was asked for before these is not kept. */
const MOST_PREFIXES = 64;

/** A moment at which the server was asked. */
export interface AskedAt {
  readonly invalidations: number;
  /** Purges by prefix. */
  readonly purges: number;
}

/** What one worker keeps: in memory, and on the disk where there is one. */
export class CacheStore {
  readonly disk: DiskStore | null;
  private readonly memory: MemoryStore;
  private readonly invalidations: Invalidations;
  private readonly prefixes: string[] = [];
  private purges = 0;

  constructor(memory: MemoryStore, disk: DiskStore | null, invalidations: Invalidations) {
    this.memory = memory;
    this.disk = disk;
    this.invalidations = invalidations;
  }

  /** What the memory has for a request with these fields. */
  find(key: CacheKey, list: HeaderList): StoredResponse | undefined {
    this.invalidations.carryOut(this.forget);
    return this.memory.find(key, list);
  }

  private readonly forget = (hash: number | null): void => {
    if (hash === null) this.memory.clear();
    else this.memory.dropHash(hash);
  };

  hasOther(key: CacheKey): boolean {
    return this.memory.hasOther(key);
  }

  /** The server has said something else, which is not kept. */
  drop(stored: StoredResponse): void {
    this.memory.drop(stored);
    void this.disk?.dropUrl(stored.parts.url);
  }

  /** To be asked before the server is: what it answers is kept only while nothing of it is forgotten meanwhile. */
  moment(): AskedAt {
    return { invalidations: this.invalidations.count, purges: this.purges };
  }

  private isPast(asked: AskedAt, url: string): boolean {
    if (this.invalidations.hasSince(asked.invalidations, url)) return true;
    const since = this.purges - asked.purges;
    if (since > this.prefixes.length) return true;
    return since > 0 && this.prefixes.slice(-since).some((prefix) => url.startsWith(prefix));
  }

  /** Brings into memory what the disk has for a request. Never rejects. */
  async fromDisk(key: CacheKey, list: HeaderList): Promise<StoredResponse | undefined> {
    if (this.disk === null) return undefined;
    const asked = this.moment();
    const found = await this.disk.find(key, list);
    // Another request may have brought a newer one.
    const newer = this.find(key, list);
    if (newer !== undefined) return newer;
    if (found === undefined || this.isPast(asked, key.url)) return undefined;
    this.memory.put(found, list);
    return found;
  }

  /** False where it is kept nowhere. `list`: the request's fields. */
  put(stored: StoredResponse, asked: AskedAt, list: HeaderList): boolean {
    const isPast = () => this.isPast(asked, stored.parts.url);
    if (isPast()) return false;
    // First what is to be forgotten: it is about what is older.
    this.invalidations.carryOut(this.forget);
    const inMemory = this.memory.put(stored, list);
    void this.disk?.put(stored, isPast);
    return inMemory || this.disk !== null;
  }

  /** For all workers: what is kept for a URL is valid no more. */
  invalidate(url: string): void {
    this.invalidations.add(url);
    void this.disk?.dropUrl(url);
  }

  /** Of this worker's memory, and of the disk where `shared` says so. Resolves with how many responses. */
  async purge({ url, prefix = "", shared }: Purge): Promise<number> {
    const { memory, invalidations } = this;
    const disk = shared ? this.disk : null;
    if (url !== undefined) {
      const count = memory.dropUrl(url);
      invalidations.add(url);
      return count + ((await disk?.dropUrl(url)) ?? 0);
    }
    if (prefix === "") {
      const count = memory.clear();
      invalidations.addAll();
      return count + ((await disk?.clear()) ?? 0);
    }
    this.purges++;
    this.prefixes.push(prefix);
    if (this.prefixes.length > MOST_PREFIXES) this.prefixes.shift();
    return memory.dropPrefix(prefix) + ((await disk?.dropPrefix(prefix)) ?? 0);
  }
}
