import type { HeaderList } from "../../../../wire/header-list.ts";
import type { Purge } from "../../http-middleware.ts";
import type { CacheKey } from "../cache-key.ts";
import type { StoredResponse } from "../stored/stored-response.ts";
import type { DiskStore } from "./disk-store.ts";
import type { Generations, Moment } from "./generations.ts";
import type { MemoryStore } from "./memory-store.ts";

/** Purges by prefix that responses on their way are compared with; those that were asked for before are not kept. */
const MOST_PREFIXES = 64;

/** A moment at which the server was asked. */
export interface AskedAt extends Moment {
  /** Purges by prefix so far. */
  readonly purges: number;
}

/** What one worker keeps: in memory, and on the disk where there is one. */
export class CacheStore {
  readonly memory: MemoryStore;
  readonly disk: DiskStore | null;
  private readonly generations: Generations;
  private readonly prefixes: string[] = [];
  private purges = 0;

  constructor(memory: MemoryStore, disk: DiskStore | null, generations: Generations) {
    this.memory = memory;
    this.disk = disk;
    this.generations = generations;
  }

  /** To be asked before the server is: what it answers is kept only while nothing is forgotten meanwhile. */
  moment(url: string): AskedAt {
    return { ...this.generations.now(url), purges: this.purges };
  }

  private isPast(asked: AskedAt, url: string): boolean {
    if (this.generations.isPast(asked)) return true;
    const since = this.purges - asked.purges;
    if (since > this.prefixes.length) return true;
    return since > 0 && this.prefixes.slice(-since).some((prefix) => url.startsWith(prefix));
  }

  /** Brings into memory what the disk has for a request. Never rejects. */
  async fromDisk(key: CacheKey, list: HeaderList): Promise<StoredResponse | undefined> {
    if (this.disk === null) return undefined;
    const asked = this.moment(key.url);
    const found = await this.disk.find(key, list);
    if (found === undefined || this.isPast(asked, key.url)) return undefined;
    // Another request may have brought a newer one.
    const newer = this.memory.find(key, list);
    if (newer !== undefined) return newer;
    this.memory.put(found, asked, list);
    return found;
  }

  /** False where it is kept nowhere. `list`: the request's fields. */
  put(stored: StoredResponse, asked: AskedAt, list: HeaderList): boolean {
    const isPast = () => this.isPast(asked, stored.parts.url);
    if (isPast()) return false;
    const inMemory = this.memory.put(stored, asked, list);
    void this.disk?.put(stored, isPast);
    return inMemory || this.disk !== null;
  }

  /** For all workers: what is kept for a URL is valid no more. */
  invalidate(url: string): void {
    this.generations.raise(url);
    this.memory.dropUrl(url);
    void this.disk?.dropUrl(url);
  }

  /** Of this worker's memory, and of the disk where `shared` says so. Resolves with how many responses. */
  async purge({ url, prefix = "", shared }: Purge): Promise<number> {
    const { memory, generations } = this;
    const disk = shared ? this.disk : null;
    if (url !== undefined) {
      generations.raise(url);
      return memory.dropUrl(url) + ((await disk?.dropUrl(url)) ?? 0);
    }
    if (prefix === "") {
      generations.raiseAll();
      return memory.clear() + ((await disk?.clear()) ?? 0);
    }
    this.purges++;
    this.prefixes.push(prefix);
    if (this.prefixes.length > MOST_PREFIXES) this.prefixes.shift();
    return memory.dropPrefix(prefix) + ((await disk?.dropPrefix(prefix)) ?? 0);
  }
}
