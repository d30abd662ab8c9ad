import { z } from "zod";
import { clientTls, flag, integer, map, text, texts, timerDuration } from "../fields.ts";
import { accepted } from "../support.ts";

/** What all key-value stores have; an etcd server or Redis is at its own port by default. */
const store = (endpoint: string) => ({
  rootKey: text().default("traefik"),
  endpoints: texts().default([endpoint]),
});

export const consulSchema = z.strictObject({
  ...store("127.0.0.1:8500"),
  endpoints: texts()
    .max(1, "expected one endpoint, an agent's, found more")
    .default(["127.0.0.1:8500"]),
  token: text().default(""),
  tls: clientTls().optional(),
  namespaces: texts().default([]),
});

export const etcdSchema = z.strictObject({
  ...store("127.0.0.1:2379"),
  tls: clientTls().optional(),
  username: text().default(""),
  password: text().default(""),
});

export const zooKeeperSchema = z.strictObject({
  ...store("127.0.0.1:2181"),
  username: text().default(""),
  password: text().default(""),
});

const READS_FROM_MASTER = "the master is read";

export const redisSchema = z
  .strictObject({
    ...store("127.0.0.1:6379"),
    tls: clientTls().optional(),
    username: text().default(""),
    password: text().default(""),
    db: integer().default(0),
    sentinel: z
      .strictObject({
        masterName: text().min(1, "expected the master's name, found nothing"),
        username: text().default(""),
        password: text().default(""),
        latencyStrategy: accepted(flag(), READS_FROM_MASTER),
        randomStrategy: accepted(flag(), READS_FROM_MASTER),
        replicaStrategy: accepted(flag(), READS_FROM_MASTER),
        useDisconnectedReplicas: accepted(flag(), READS_FROM_MASTER),
      })
      .optional(),
  })
  .refine(({ endpoints, sentinel }) => endpoints.length === 1 || sentinel !== undefined, {
    path: ["endpoints"],
    error: "expected one endpoint, or those of sentinels with redis.sentinel, found another number",
  });

export const httpProviderSchema = z.strictObject({
  endpoint: text().min(1, "expected a URL, found nothing"),
  pollInterval: timerDuration().default(5_000),
  pollTimeout: timerDuration().default(5_000),
  headers: map().default({}),
  tls: clientTls().optional(),
  maxResponseBodySize: integer(-1).default(-1),
});
