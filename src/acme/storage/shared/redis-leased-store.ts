import type { RedisConnection, RedisOptions } from "../../../net/clients/redis.ts";
import type { Runtime } from "../../../net/runtime.ts";
import { readPairs } from "../../../providers/kv/redis-store.ts";
import { ANSWER, type Changes, type Lease, type LeasedStore, portions } from "./leased-store.ts";

/** Each script runs as a whole: nothing comes between the look and the change. */
const PROLONG = `if redis.call("GET", KEYS[1]) == ARGV[1] then
  return redis.call("PEXPIRE", KEYS[1], ARGV[2]) end return 0`;
const RELEASE = `if redis.call("GET", KEYS[1]) == ARGV[1] then
  return redis.call("DEL", KEYS[1]) end return 0`;
/** The first key is the lease, the first argument its holder; then a "1" before each value, a "0" for none. */
const WRITE = `if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
for i = 2, #KEYS do
  if ARGV[2 * i - 2] == "1" then redis.call("SET", KEYS[i], ARGV[2 * i - 1])
  else redis.call("DEL", KEYS[i]) end
end
return 1`;

/** A lease in Redis: a key that ends by itself, with its holder as the fence of every write. */
export class RedisLeasedStore implements LeasedStore {
  readonly title: string;
  private readonly options: RedisOptions;
  private readonly lease: Lease;
  private readonly runtime: Pick<Runtime, "redis">;
  private connection: Promise<RedisConnection> | undefined;
  private closed = false;

  constructor(options: RedisOptions, lease: Lease, runtime: Pick<Runtime, "redis">) {
    this.options = options;
    this.lease = lease;
    this.runtime = runtime;
    this.title = `Redis at ${options.endpoints.join(", ")}`;
  }

  async read(key: string): Promise<string | undefined> {
    return ((await this.call("GET", key)) as string | null) ?? undefined;
  }

  async list(prefix: string): Promise<ReadonlyMap<string, string>> {
    const call = this.call.bind(this);
    return readPairs({ call }, prefix.slice(0, -1));
  }

  async hold(): Promise<boolean> {
    const { key, holder, life } = this.lease;
    const milliseconds = life * 1000;
    if ((await this.call("SET", key, holder, "NX", "PX", milliseconds)) === "OK") return true;
    return (await this.call("EVAL", PROLONG, 1, key, holder, milliseconds)) === 1;
  }

  async write(changes: Changes): Promise<boolean> {
    const { key, holder } = this.lease;
    for (const some of portions(changes, 100, 4_000_000)) {
      const keys = [key, ...some.keys()];
      const values = [...some.values()].flatMap((value) => [value === null ? 0 : 1, value ?? ""]);
      if ((await this.call("EVAL", WRITE, keys.length, ...keys, holder, ...values)) !== 1)
        return false;
    }
    return true;
  }

  async release(): Promise<void> {
    await this.call("EVAL", RELEASE, 1, this.lease.key, this.lease.holder);
  }

  close(): void {
    this.closed = true;
    void this.connection?.then(
      (connection) => connection.close(),
      () => {},
    );
  }

  private async call(command: string, ...args: readonly (string | number)[]): Promise<unknown> {
    const limit = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => limit.reject(new Error(`no answer within ${ANSWER} ms`)),
      ANSWER,
    );
    const used = this.connect();
    try {
      const done = used.then((connection) => connection.call(command, ...args));
      done.catch(() => {});
      return await Promise.race([done, limit.promise]);
    } catch (error) {
      // One that doesn't answer, or fails in the middle, isn't used again.
      if (this.connection === used && !isReply(error)) {
        this.connection = undefined;
        void used.then(
          (connection) => connection.close(),
          () => {},
        );
      }
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  private connect(): Promise<RedisConnection> {
    if (this.closed) return Promise.reject(new Error("the storage is closed"));
    if (this.connection === undefined) {
      const made = this.runtime.redis(this.options);
      this.connection = made;
      const gone = () => {
        if (this.connection === made) this.connection = undefined;
      };
      made.then((connection) => connection.lost.then(gone), gone);
    }
    return this.connection;
  }
}

/** Whether the server itself refused the command. */
function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError";
}
