import type { HeaderList } from "../../../../wire/header-list.ts";
import type { CacheKey } from "../cache-key.ts";
import type { StoredResponse } from "../stored/stored-response.ts";
import type { Generations, Moment } from "./generations.ts";

/** Responses in memory, within a budget of bytes: what was used longest ago goes first. */
export class MemoryStore {
  /** Bytes of all that is kept. */
  used = 0;
  private readonly budget: number;
  private readonly maxVariants: number;
  private readonly generations: Generations;
  private readonly byUrl = new Map<string, StoredResponse[]>();
  private newest: StoredResponse | null = null;
  private oldest: StoredResponse | null = null;

  constructor(budget: number, maxVariants: number, generations: Generations) {
    this.budget = budget;
    this.maxVariants = maxVariants;
    this.generations = generations;
  }

  /** The response for a request with these fields; undefined where there is none. */
  find({ url, view }: CacheKey, list: HeaderList): StoredResponse | undefined {
    const stored = this.byUrl.get(url);
    if (stored === undefined) return undefined;
    for (let i = 0; i < stored.length; i++) {
      const one = stored[i];
      if (one.parts.view !== view || !one.matches(list)) continue;
      if (this.generations.isPast(one)) {
        this.drop(one);
        return undefined;
      }
      this.use(one);
      return one;
    }
    return undefined;
  }

  /** True where something is kept for the URL, whether or not it is for such a request. */
  hasOther({ url }: CacheKey): boolean {
    return this.byUrl.has(url);
  }

  /** Keeps a response that was asked for at a moment, in place of the one that it replaces. False where it can't. */
  put(stored: StoredResponse, asked: Moment, list: HeaderList): boolean {
    const { url, view } = stored.parts;
    if (stored.size > this.budget || this.generations.isPast(asked)) return false;
    const others = this.byUrl.get(url) ?? [];
    // Those that the request would have got as well: the newest answer counts.
    for (const one of others.slice())
      if (one.parts.view === view && (one.matches(list) || sameVariant(one, stored)))
        this.drop(one);
    const kept = this.byUrl.get(url) ?? [];
    while (kept.length >= this.maxVariants) this.drop(kept[0]);
    stored.slot = asked.slot;
    stored.generation = asked.generation;
    stored.epoch = asked.epoch;
    // `drop` takes away a list that became empty.
    const last = this.byUrl.get(url);
    if (last === undefined) this.byUrl.set(url, [stored]);
    else last.push(stored);
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
    if (list!.length === 0) this.byUrl.delete(url);
    this.used -= stored.size;
    this.unlink(stored);
  }

  /** How many there were. */
  dropUrl(url: string): number {
    const list = this.byUrl.get(url)?.slice() ?? [];
    for (const one of list) this.drop(one);
    return list.length;
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
    this.used = 0;
    this.newest = null;
    this.oldest = null;
    return count;
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
