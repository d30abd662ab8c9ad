import { messageOf } from "../../../../core/errors.ts";
import type { Logger } from "../../../../core/logger.ts";
import type { HeaderList } from "../../../../wire/header-list.ts";
import type { HttpMiddlewareContext } from "../../http-middleware.ts";
import type { CacheKey } from "../cache-key.ts";
import { StoredResponse } from "../stored/stored-response.ts";
import {
  entryFile,
  hashName,
  MOST_HEAD,
  readEntryFile,
  urlOfFile,
  varyFile,
} from "./entry-file.ts";

export interface DiskStoreOptions {
  readonly files: HttpMiddlewareContext["files"];
  readonly logger: Logger;
  /** The middleware's own directory. */
  readonly directory: string;
  /** Bytes that all files may have together, those of all workers. */
  readonly budget: number;
  readonly maxObjectBytes: number;
  readonly workers: number;
  /** What keys are made by: files of other options aren't found. */
  readonly shape: string;
  readonly clock: () => number;
}

/** Digits of the URL's hash, which a file's name begins with, and of the rest's. */
const URL_DIGITS = 32;
const REST_DIGITS = 16;
/** A file that was not finished within this time, in milliseconds, never will be. */
const UNFINISHED = 60_000;
/** Parts of the budget that stay free for what workers write between two looks at the directory. */
const SLACK = 8;
/** Responses that wait to be written; further ones are kept in memory alone. */
const MOST_WRITES = 16;

/**
 * Responses as files, one each, that all workers share and that survive a restart. There is no index: a key's
 * hash is the file's name, and readers see a whole file or none. A file that is damaged is as good as
 * none. The files that were written first go first.
 */
export class DiskStore {
  private readonly options: DiskStoreOptions;
  /** Bytes that may be written before the next look at the directory. */
  private allowance = 0;
  private sweeping: Promise<void> | null = null;
  private writes = 0;
  private hasTrouble = false;

  constructor(options: DiskStoreOptions) {
    this.options = options;
  }

  /** The response for a request with these fields. Never rejects. */
  async find(key: CacheKey, list: HeaderList): Promise<StoredResponse | undefined> {
    try {
      const found = await this.read(key, "");
      if (found === undefined || found instanceof StoredResponse) return fitting(found, list);
      return fitting(await this.variant(key, found.vary, list), list);
    } catch (error) {
      this.trouble("read", error);
      return undefined;
    }
  }

  /** Writes a response, unless `isPast` meanwhile. Never rejects. */
  async put(stored: StoredResponse, isPast: () => boolean): Promise<void> {
    const { maxObjectBytes } = this.options;
    if (this.writes >= MOST_WRITES || stored.parts.body.length > maxObjectBytes) return;
    this.writes++;
    try {
      await this.write(stored, isPast);
      this.hasTrouble = false;
    } catch (error) {
      this.trouble("write", error);
    } finally {
      this.writes--;
    }
  }

  /** Removes all files of a URL, and says how many there were. Never rejects. */
  async dropUrl(url: string): Promise<number> {
    const hash = await hashName(url, URL_DIGITS);
    const folder = `${this.options.directory}/${hash.slice(0, 2)}`;
    let count = 0;
    for (const name of await this.list(folder))
      if (name.startsWith(hash) && (await this.remove(`${folder}/${name}`))) count++;
    return count;
  }

  /** The same for URLs that begin with a text: reads all files, one after the other. */
  async dropPrefix(prefix: string): Promise<number> {
    let count = 0;
    for await (const path of this.paths()) {
      const bytes = await this.options.files.read(path).catch(() => undefined);
      if (bytes === undefined) continue;
      const url = await urlOfFile(bytes).catch(() => undefined);
      if ((url === undefined || url.startsWith(prefix)) && (await this.remove(path))) count++;
    }
    return count;
  }

  async clear(): Promise<number> {
    let count = 0;
    for await (const path of this.paths()) if (await this.remove(path)) count++;
    return count;
  }

  private async write(stored: StoredResponse, isPast: () => boolean): Promise<void> {
    const { files } = this.options;
    const { url, view, vary } = stored.parts;
    const names = vary.map(([name]) => name);
    const rest = vary.length === 0 ? "" : variantOf(vary);
    const path = await this.pathOf({ url, view }, rest);
    const parts = await entryFile(stored, this.keyOf({ url, view }, rest), this.offset());
    if (!(await this.allow(lengthOf(parts)))) return;
    if (isPast()) return;
    await files.put(path, parts);
    if (vary.length > 0) {
      const pointer = await varyFile({ vary: names }, this.keyOf({ url, view }, ""));
      if (await this.allow(lengthOf(pointer)))
        await files.put(await this.pathOf({ url, view }, ""), pointer);
    }
    // What was forgotten meanwhile may have been written behind that.
    if (isPast()) await this.remove(path);
  }

  private variant(
    key: CacheKey,
    names: readonly string[],
    list: HeaderList,
  ): Promise<StoredResponse | undefined> {
    const rest = variantOf(names.map((name) => [name, list.get(name)] as const));
    return this.read(key, rest) as Promise<StoredResponse | undefined>;
  }

  private async read(key: CacheKey, rest: string) {
    const { files, maxObjectBytes } = this.options;
    const path = await this.pathOf(key, rest);
    const info = await files.info(path);
    if (info === undefined || !info.isFile || info.size > maxObjectBytes + MOST_HEAD)
      return undefined;
    const bytes = await files.read(path).catch((error: unknown) => {
      if ((error as { code?: string }).code === "ENOENT") return undefined;
      throw error;
    });
    if (bytes === undefined) return undefined;
    const text = this.keyOf(key, rest);
    const found = await readEntryFile(bytes, text, this.offset()).catch(() => undefined);
    if (found === undefined) await this.remove(path);
    return found;
  }

  private keyOf({ url, view }: CacheKey, rest: string): string {
    return `${url}\n${this.options.shape}\n${view}\n${rest}`;
  }

  private async pathOf(key: CacheKey, rest: string): Promise<string> {
    const hash = await hashName(key.url, URL_DIGITS);
    const tail = await hashName(this.keyOf(key, rest), REST_DIGITS);
    return `${this.options.directory}/${hash.slice(0, 2)}/${hash}-${tail}`;
  }

  /** The system's clock less the workers' one. */
  private offset(): number {
    return Date.now() - this.options.clock();
  }

  /** True where so many bytes more stay within the budget. */
  private async allow(bytes: number): Promise<boolean> {
    if (bytes > this.allowance) {
      this.sweeping ??= this.sweep().finally(() => {
        this.sweeping = null;
      });
      await this.sweeping;
    }
    if (bytes > this.allowance) return false;
    this.allowance -= bytes;
    return true;
  }

  /** Removes the oldest files until there is room again for what all workers may write. */
  private async sweep(): Promise<void> {
    const { files, budget, workers } = this.options;
    const found: { path: string; size: number; modified: number }[] = [];
    let total = 0;
    for await (const path of this.paths(true)) {
      const info = await files.info(path).catch(() => undefined);
      if (info === undefined || !info.isFile) continue;
      if (path.endsWith(".new") && info.modified < Date.now() - UNFINISHED) {
        await this.remove(path);
        continue;
      }
      found.push({ path, size: info.size, modified: info.modified });
      total += info.size;
    }
    const slack = Math.floor(budget / SLACK);
    found.sort((a, b) => a.modified - b.modified);
    for (const { path, size } of found) {
      if (total <= budget - slack) break;
      if (await this.remove(path)) total -= size;
    }
    this.allowance = total <= budget - slack ? Math.floor(slack / workers) : 0;
  }

  /** All files; unfinished ones too where they are asked for. */
  private async *paths(unfinished = false): AsyncGenerator<string> {
    const { directory } = this.options;
    for (const folder of await this.list(directory)) {
      if (!/^[0-9a-f]{2}$/.test(folder)) continue;
      for (const name of await this.list(`${directory}/${folder}`))
        if (unfinished || !name.endsWith(".new")) yield `${directory}/${folder}/${name}`;
    }
  }

  private async list(directory: string): Promise<readonly string[]> {
    return this.options.files.list(directory).catch(() => []);
  }

  /** False where it was gone already, or can't be removed. */
  private async remove(path: string): Promise<boolean> {
    try {
      await this.options.files.remove(path);
      return true;
    } catch {
      return false;
    }
  }

  /** Said once until it works again. */
  private trouble(what: string, error: unknown): void {
    if (this.hasTrouble) return;
    this.hasTrouble = true;
    this.options.logger.error(`cache: cannot ${what} a file`, { error: messageOf(error) });
  }
}

function fitting(found: StoredResponse | undefined, list: HeaderList): StoredResponse | undefined {
  return found?.matches(list) === true ? found : undefined;
}

function variantOf(vary: readonly (readonly [string, string | null])[]): string {
  return JSON.stringify(vary);
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
