import type { HeaderList } from "../../../../wire/header-list.ts";
import type { CacheKey } from "../cache-key.ts";
import type { StoredResponse } from "../stored/stored-response.ts";
import { urlHash } from "./invalidations.ts";

/** Responses in memory, within a budget of bytes: what was used longest ago goes first. */
export class MemoryStore {
  /** Bytes of all that is kept. */
  used = 0;
  private readonly budget: number;
  private readonly maxVariants: number;
  private readonly byUrl = new Map<string, StoredResponse[]>();
  private readonly urlsByHash = new Map<number, string[]>();
  private newest: StoredResponse | null = null;
  private oldest: StoredResponse | null = null;

  constructor(budget: number, maxVariants: number) {
    this.budget = budget;
    this.maxVariants = maxVariants;
  }

  /** The response for a request with these fields; undefined where there is none. */
  find({ url, view }: CacheKey, list: HeaderList): StoredResponse | undefined {
    const stored = this.byUrl.get(url);
    if (stored === undefined) return undefined;
    for (let i = 0; i < stored.length; i++) {
      const one = stored[i];
      if (one.parts.view !== view || !one.matches(list)) continue;
      this.use(one);
      return one;
    }
    return undefined;
  }

  /** True where something is kept for the URL, whether or not it is for such a request. */
  hasOther({ url }: CacheKey): boolean {
    return this.byUrl.has(url);
  }

  /** Keeps a response, in place of those that the request would have got as well. False where it is too large. */
  put(stored: StoredResponse, list: HeaderList): boolean {
    const { url, view } = stored.parts;
    const others = this.byUrl.get(url) ?? [];
    for (const one of others.slice())
      if (one.parts.view === view && (one.matches(list) || sameVariant(one, stored)))
        this.drop(one);
    if (stored.size > this.budget) return false;
    const rest = this.byUrl.get(url) ?? [];
    while (rest.length >= this.maxVariants) this.drop(rest[0]);
    // `drop` takes away a list that became empty.
    const kept = this.byUrl.get(url);
    if (kept === undefined) this.add(url, stored);
    else kept.push(stored);
    this.used += stored.size;
    this.link(stored);
    while (this.used > this.budget && this.oldest !== null) this.drop(this.oldest);
    return true;
  }

  drop(stored: StoredResponse): void {
    const { url } = stored.parts;
    const list = this.byUrl.get(url);
    const at = list?.indexOf(stored) ?? -1;
    if (at < 0) return;
    list!.splice(at, 1);
    if (list!.length === 0) this.remove(url);
    this.used -= stored.size;
    this.unlink(stored);
  }

  /** How many there were. */
  dropUrl(url: string): number {
    const list = this.byUrl.get(url)?.slice() ?? [];
    for (const one of list) this.drop(one);
    return list.length;
  }

  dropHash(hash: number): void {
    for (const url of this.urlsByHash.get(hash)?.slice() ?? []) this.dropUrl(url);
  }

  dropPrefix(prefix: string): number {
    let count = 0;
    for (const url of [...this.byUrl.keys()])
      if (url.startsWith(prefix)) count += this.dropUrl(url);
    return count;
  }

  clear(): number {
    let count = 0;
    for (const list of this.byUrl.values()) count += list.length;
    this.byUrl.clear();
    this.urlsByHash.clear();
    this.used = 0;
    this.newest = null;
    this.oldest = null;
    return count;
  }

  private add(url: string, stored: StoredResponse): void {
    this.byUrl.set(url, [stored]);
    const hash = urlHash(url);
    const urls = this.urlsByHash.get(hash);
    if (urls === undefined) this.urlsByHash.set(hash, [url]);
    else urls.push(url);
  }

  private remove(url: string): void {
    this.byUrl.delete(url);
    const hash = urlHash(url);
    const urls = this.urlsByHash.get(hash)?.filter((other) => other !== url) ?? [];
    if (urls.length === 0) this.urlsByHash.delete(hash);
    else this.urlsByHash.set(hash, urls);
  }

  private use(stored: StoredResponse): void {
    if (this.newest === stored) return;
    this.unlink(stored);
    this.link(stored);
  }

  private link(stored: StoredResponse): void {
    stored.older = this.newest;
    stored.newer = null;
    if (this.newest !== null) this.newest.newer = stored;
    this.newest = stored;
    this.oldest ??= stored;
  }

  private unlink(stored: StoredResponse): void {
    const { newer, older } = stored;
    if (newer === null) this.newest = older;
    else newer.older = older;
    if (older === null) this.oldest = newer;
    else older.newer = newer;
    stored.newer = null;
    stored.older = null;
  }
}

function sameVariant(a: StoredResponse, b: StoredResponse): boolean {
  const one = a.parts.vary;
  const other = b.parts.vary;
  return (
    one.length === other.length &&
    one.every(([name, value], i) => name === other[i][0] && value === other[i][1])
  );
}
