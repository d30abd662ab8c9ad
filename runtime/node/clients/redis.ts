import type { RedisConnection, RedisOptions } from "../../../src/net/clients/redis.ts";

/** Milliseconds until a dial is given up. */
const CONNECT_TIMEOUT = 10_000;

/**
 * Connects by way of ioredis, which is loaded now and not before. Its own reconnecting is off:
 * the caller does that, and reads everything again.
 */
export async function connectRedis(options: RedisOptions): Promise<RedisConnection> {
  const { Cluster, Redis } = await import("ioredis");
  const { endpoints, username, password, db, tls, sentinel, cluster = false } = options;
  const places = endpoints.map(placeOf);
  const security = tls && {
    ca: tls.ca,
    cert: tls.keyPair?.certificate,
    key: tls.keyPair?.privateKey,
    rejectUnauthorized: tls.verify,
  };
  const common = {
    username: username || undefined,
    password: password || undefined,
    tls: security,
    connectTimeout: CONNECT_TIMEOUT,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  };
  const single = () =>
    new Redis({
      ...common,
      ...(sentinel === undefined
        ? places[0]
        : {
            sentinels: places,
            name: sentinel.masterName,
            sentinelUsername: sentinel.username || undefined,
            sentinelPassword: sentinel.password || undefined,
            sentinelRetryStrategy: () => null,
            enableTLSForSentinelMode: tls !== undefined,
            sentinelTLS: security,
          }),
      db,
      lazyConnect: true,
      autoResubscribe: false,
    });
  const client = cluster
    ? new Cluster(places, {
        lazyConnect: true,
        enableOfflineQueue: true,
        clusterRetryStrategy: () => null,
        redisOptions: common,
      })
    : single();
  const lost = Promise.withResolvers<Error>();
  let last = new Error("the connection was closed");
  client.on("error", (error: Error) => {
    last = error;
  });
  client.on("end", () => lost.resolve(last));
  try {
    await client.connect();
  } catch (error) {
    client.disconnect();
    throw last.message === "the connection was closed" ? error : last;
  }
  return {
    lost: lost.promise,
    call: (command, ...args) => client.call(command, ...args),
    async subscribe(pattern, message) {
      client.on("pmessage", (_pattern: string, channel: string) => message(channel));
      await client.psubscribe(pattern);
    },
    close: () => client.disconnect(),
  };
}

/** "host:6379", with or without brackets around IPv6. */
function placeOf(endpoint: string): { host: string; port: number } {
  const match = /^\[?(.*?)\]?(?::(\d+))?$/.exec(endpoint)!;
  return { host: match[1], port: Number(match[2] ?? 6379) };
}
