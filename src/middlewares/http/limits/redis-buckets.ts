import type { BucketLimit } from "../../../core/counters/token-bucket.ts";
import { messageOf } from "../../../core/errors.ts";
import type { Logger } from "../../../core/logger.ts";
import type { RedisConnection } from "../../../net/clients/redis.ts";

/** Milliseconds between two attempts to connect. */
const PAUSE = 1000;
/** Answers that are waited for at a time; more requests are treated as if Redis were away. */
const MOST_WAITING = 10_000;
const MICROSECONDS = 1000;

/*
 * A bucket is the hash that Traefik's limiter has, so that both may share a server: `last`, in
 * microseconds, and `tokens` at that time. The time is the server's, the same for all that ask it. A
 * bucket is forgotten when it is full again.
 */
const SCRIPT = `
local interval, burst, patience = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local known = redis.call('HMGET', KEYS[1], 'last', 'tokens')
local tokens = burst
if known[1] and known[2] then
  local since = math.max(0, now - known[1])
  tokens = math.min(burst, known[2] + since / interval)
end
local wait = math.max(0, (1 - tokens) * interval)
if wait <= patience then
  tokens = tokens - 1
end
redis.call('HSET', KEYS[1], 'last', string.format('%.0f', now), 'tokens', tostring(tokens))
redis.call('PEXPIRE', KEYS[1], math.ceil((burst - tokens) * interval / 1000) + 1000)
return tostring(wait)
`;

export interface RedisBucketsOptions {
  /** Rejects where the server can't be reached. */
  readonly connect: () => Promise<RedisConnection>;
  readonly dialTimeout: number;
  readonly readTimeout: number;
  readonly logger: Logger;
}

/**
 * Token buckets in a Redis server. One connection has all that is asked; when it is lost, another is
 * made when there is something to ask, once a second at the most. The log says it once.
 */
export class RedisBuckets {
  private readonly options: RedisBucketsOptions;
  private connection: RedisConnection | null = null;
  private connecting: Promise<RedisConnection> | null = null;
  private retryAt = 0;
  private away = false;
  private waiting = 0;
  private stopped = false;
  /** The script's name, once the server has it. */
  private sha = "";

  constructor(options: RedisBucketsOptions) {
    this.options = options;
  }

  /** As `TokenBuckets.take`. Rejects where the server can't be asked. */
  async take(key: string, { interval, burst, patience }: BucketLimit): Promise<number> {
    if (this.waiting >= MOST_WAITING) throw new Error("too many requests wait for Redis");
    this.waiting++;
    try {
      const connection = this.connection ?? (await this.connected());
      const values = [interval * MICROSECONDS, burst, patience * MICROSECONDS];
      const answer = await within(
        this.options.readTimeout,
        this.run(connection, `rate:${key}`, values),
      );
      if (this.away) {
        this.away = false;
        this.options.logger.info("Redis answers again");
      }
      // To the exactness of Redis' decimals.
      const wait = Number(answer) / MICROSECONDS;
      return wait <= patience + 1e-6 ? Math.min(wait, patience) : wait;
    } catch (error) {
      this.lost(error);
      throw error;
    } finally {
      this.waiting--;
    }
  }

  stop(): void {
    this.stopped = true;
    this.connection?.close();
    this.connection = null;
  }

  private async run(
    connection: RedisConnection,
    key: string,
    values: readonly number[],
  ): Promise<unknown> {
    if (this.sha !== "") {
      try {
        return await connection.call("EVALSHA", this.sha, 1, key, ...values);
      } catch (error) {
        if (!messageOf(error).startsWith("NOSCRIPT")) throw error;
      }
    }
    const answer = await connection.call("EVAL", SCRIPT, 1, key, ...values);
    this.sha ||= await sha1(SCRIPT);
    return answer;
  }

  private connected(): Promise<RedisConnection> {
    if (this.connecting !== null) return this.connecting;
    const now = performance.now();
    if (now < this.retryAt) return Promise.reject(new Error("Redis can't be reached"));
    this.retryAt = now + PAUSE;
    this.connecting = this.dial().finally(() => {
      this.connecting = null;
    });
    return this.connecting;
  }

  private async dial(): Promise<RedisConnection> {
    const dialled = this.options.connect();
    const connection = await within(this.options.dialTimeout, dialled).catch((error) => {
      dialled.then((late) => late.close()).catch(() => {});
      throw error;
    });
    if (this.stopped) {
      connection.close();
      throw new Error("the middleware has ended");
    }
    this.connection = connection;
    void connection.lost.then((error) => {
      if (this.connection !== connection) return;
      this.connection = null;
      if (!this.stopped) this.lost(error);
    });
    return connection;
  }

  private lost(error: unknown): void {
    if (this.away || this.stopped) return;
    this.away = true;
    this.options.logger.error("Redis can't be asked for rate limits", { error: messageOf(error) });
  }
}

async function within<T>(milliseconds: number, what: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${milliseconds} ms`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([what, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
