import { z } from "zod";
import { clientTls, flag, integer, map, text, texts, timerDuration } from "../fields.ts";
import { accepted } from "../support.ts";

/** What all key-value stores have; an etcd server or Redis is at its own port by default. */
const store = (endpoint: string, rootKey = "traefik") => ({
  rootKey: text().default(rootKey),
  endpoints: texts().default([endpoint]),
});

const consul = (rootKey?: string) => ({
  ...store("127.0.0.1:8500", rootKey),
  endpoints: texts()
    .max(1, "expected one endpoint, an agent's, found more")
    .default(["127.0.0.1:8500"]),
  token: text().default(""),
  tls: clientTls().optional(),
});

export const consulSchema = z.strictObject({ ...consul(), namespaces: texts().default([]) });

const etcd = (rootKey?: string) =>
  z.strictObject({
    ...store("127.0.0.1:2379", rootKey),
    tls: clientTls().optional(),
    username: text().default(""),
    password: text().default(""),
  });

export const etcdSchema = etcd();

export const zooKeeperSchema = z.strictObject({
  ...store("127.0.0.1:2181"),
  username: text().default(""),
  password: text().default(""),
});

const READS_FROM_MASTER = "the master is read";

const redis = (rootKey?: string) =>
  z
    .strictObject({
      ...store("127.0.0.1:6379", rootKey),
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
      error:
        "expected one endpoint, or those of sentinels with redis.sentinel, found another number",
    });

export const redisSchema = redis();

/** Where instances that share their certificates keep them: the keys of the providers of these names. */
const ACME_ROOT = "sluice/acme";

export const acmeStoreSchema = () =>
  z
    .strictObject({
      redis: redis(ACME_ROOT).optional(),
      etcd: etcd(ACME_ROOT).optional(),
      consul: z.strictObject({ ...consul(ACME_ROOT), namespace: text().default("") }).optional(),
    })
    .refine(
      (stores) => Object.values(stores).filter((one) => one !== undefined).length === 1,
      "expected one of redis, etcd and consul, found none or more",
    );

export const httpProviderSchema = z.strictObject({
  endpoint: text().min(1, "expected a URL, found nothing"),
  pollInterval: timerDuration().default(5_000),
  pollTimeout: timerDuration().default(5_000),
  headers: map().default({}),
  tls: clientTls().optional(),
  maxResponseBodySize: integer(-1).default(-1),
});
