import { pause } from "../../core/loop/pause.ts";
import type { RedisOptions } from "../../net/clients/redis.ts";
import type { Runtime } from "../../net/runtime.ts";
import { SettledChanges } from "../settled-changes.ts";
import type { KeyValueStore, Pairs } from "./key-value-store.ts";

/** Keys that are asked for at once. */
const BATCH = 500;
/** Milliseconds. */
const SETTLE_TIME = 50;
const POLL_TIME = 5000;

/** Redis, told of changes by its keyspace notifications; where they are off, it is asked every 5 s. */
export class RedisStore implements KeyValueStore {
  private readonly options: RedisOptions;
  private readonly runtime: Pick<Runtime, "redis">;
  private readonly warn: (message: string) => void;

  constructor(
    options: RedisOptions,
    runtime: Pick<Runtime, "redis">,
    warn: (message: string) => void,
  ) {
    this.options = options;
    this.runtime = runtime;
    this.warn = warn;
  }

  async watch(root: string, signal: AbortSignal, changed: (pairs: Pairs) => void): Promise<never> {
    const [reader, listener] = await Promise.all([
      this.runtime.redis(this.options),
      this.runtime.redis(this.options),
    ]);
    const ended = Promise.withResolvers<never>();
    const stop = () => ended.reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    // What is thrown before anything waits for it is no uncaught error.
    ended.promise.catch(() => {});
    for (const { lost } of [reader, listener]) void lost.then(ended.reject);
    const read = async () => changed(await readPairs(reader, root));
    try {
      const { db } = this.options;
      const changes = new SettledChanges(SETTLE_TIME, read);
      changes.failed = ended.reject;
      await listener.subscribe(`__keyspace@${db}__:${root}/*`, () => changes.add("tree"));
      await read();
      if (await notifies(reader)) return await ended.promise;
      this.warn(
        `expected notify-keyspace-events to have K and A, found neither: changes are seen within ${POLL_TIME / 1000} s`,
      );
      for (;;) {
        await Promise.race([pause(POLL_TIME, signal), ended.promise]);
        await read();
      }
    } finally {
      signal.removeEventListener("abort", stop);
      reader.close();
      listener.close();
    }
  }
}

export interface RedisReader {
  call(command: string, ...args: readonly (string | number)[]): Promise<unknown>;
}

/** All pairs below a root, by the rest of their keys. */
export async function readPairs(redis: RedisReader, root: string): Promise<Pairs> {
  const keys = new Set<string>();
  const pattern = `${root.replace(/[\\*?[\]]/g, "\\$&")}/*`;
  let cursor = "0";
  do {
    const [next, found] = (await redis.call("SCAN", cursor, "MATCH", pattern, "COUNT", BATCH)) as [
      string,
      string[],
    ];
    cursor = next;
    for (const key of found) keys.add(key);
  } while (cursor !== "0");
  const pairs = new Map<string, string>();
  const all = [...keys];
  for (let at = 0; at < all.length; at += BATCH) {
    const some = all.slice(at, at + BATCH);
    const values = (await redis.call("MGET", ...some)) as (string | null)[];
    some.forEach((key, i) => {
      // Gone meanwhile, or no text.
      if (values[i] !== null) pairs.set(key.slice(root.length + 1), values[i]);
    });
  }
  return pairs;
}

/** Whether the server tells of changes. One that doesn't let itself be asked may well do. */
async function notifies(redis: RedisReader): Promise<boolean> {
  try {
    const [, flags = ""] = (await redis.call(
      "CONFIG",
      "GET",
      "notify-keyspace-events",
    )) as string[];
    return flags.includes("K") && /[A$gx]/.test(flags);
  } catch {
    return true;
  }
}
