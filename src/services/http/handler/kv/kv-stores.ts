import type { OpenDatabase } from "../../../../net/host/database.ts";
import type { Files } from "../../../../net/runtime.ts";
import { KvNamespace } from "./kv-namespace.ts";
import { KvStore } from "./kv-store.ts";

/** `handler.kv`. */
export interface KvOptions {
  /** Absolute. */
  readonly path: string;
  /** Of keys, values and metadata together. */
  readonly maxBytes: number;
}

/** Attempts to open a file that another worker is just making, and milliseconds between them. */
const TRIES = 50;
const PAUSE = 20;

/** The stores that a worker has open, one for each file. */
export class KvStores {
  private readonly files: Pick<Files, "append">;
  private readonly openDatabase: OpenDatabase;
  private readonly stores = new Map<string, Promise<KvStore>>();

  constructor(files: Pick<Files, "append">, openDatabase: OpenDatabase) {
    this.files = files;
    this.openDatabase = openDatabase;
  }

  /** Rejects with an Error that names the file where it can't be opened. */
  async namespace({ path, maxBytes }: KvOptions): Promise<KvNamespace> {
    let store = this.stores.get(path);
    if (store === undefined) {
      store = this.open(path);
      this.stores.set(path, store);
      // Tried again by the next that asks.
      store.catch(() => this.stores.delete(path));
    }
    return new KvNamespace(await store, maxBytes);
  }

  async close(): Promise<void> {
    const stores = await Promise.allSettled(this.stores.values());
    this.stores.clear();
    for (const store of stores) if (store.status === "fulfilled") store.value.close();
  }

  private async open(path: string): Promise<KvStore> {
    try {
      // Makes the directories, and a file that others can't read: SQLite's would be for all.
      await (await this.files.append(path)).close();
      for (let left = TRIES; ; left--) {
        const database = await this.openDatabase(path);
        try {
          return new KvStore(database);
        } catch (error) {
          database.close();
          // SQLite doesn't wait where two workers make a file's log at one time.
          if (left === 0 || !/\b(?:locked|busy)\b/i.test(String(error))) throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    } catch (cause) {
      throw new Error(`kv.path: cannot open the store "${path}": ${String(cause)}`, { cause });
    }
  }
}
