import { z } from "zod";
import { clientTls, flag, text, texts, timerDuration } from "../fields.ts";
import { accepted, refused } from "../support.ts";

/** Go templates; `normalize` and sprig's usual functions are there. */
const DEFAULT_RULE = "Host(`{{ normalize .Name }}`)";

const engine = () => ({
  exposedByDefault: flag().default(true),
  constraints: text().default(""),
  allowEmptyServices: flag().default(false),
  network: text().default(""),
  useBindPortIP: flag().default(false),
  watch: flag().default(true),
  defaultRule: text().default(DEFAULT_RULE),
  username: text().default(""),
  password: text().default(""),
  endpoint: text().default("unix:///var/run/docker.sock"),
  tls: clientTls().optional(),
  httpClientTimeout: timerDuration().default(0),
});

export const dockerSchema = z.strictObject(engine());

export const swarmSchema = z.strictObject({
  ...engine(),
  refreshSeconds: timerDuration().default(15_000),
});

export const consulCatalogSchema = z.strictObject({
  constraints: text().default(""),
  endpoint: z
    .strictObject({
      address: text().default("127.0.0.1:8500"),
      scheme: text().default(""),
      datacenter: text().default(""),
      token: text().default(""),
      tls: clientTls().optional(),
      httpAuth: z
        .strictObject({ username: text().default(""), password: text().default("") })
        .optional(),
      endpointWaitTime: timerDuration().default(0),
    })
    .prefault({}),
  prefix: text().default("traefik"),
  refreshInterval: timerDuration().default(15_000),
  requireConsistent: flag().default(false),
  stale: flag().default(false),
  cache: flag().default(false),
  exposedByDefault: flag().default(true),
  defaultRule: text().default(DEFAULT_RULE),
  connectAware: refused(flag(), "Consul Connect"),
  connectByDefault: refused(flag(), "Consul Connect"),
  serviceName: accepted(
    text(),
    "the name of a router in Consul Connect, which Sluice doesn't join",
  ),
  watch: flag().default(false),
  strictChecks: texts().default(["passing", "warning"]),
  namespaces: texts().default([]),
});

export const nomadSchema = z.strictObject({
  defaultRule: text().default(DEFAULT_RULE),
  constraints: text().default(""),
  endpoint: z
    .strictObject({
      address: text().optional(),
      region: text().optional(),
      token: text().optional(),
      tls: clientTls().optional(),
      endpointWaitTime: accepted(timerDuration(), "Nomad is asked without blocking"),
    })
    .prefault({}),
  prefix: text().default("traefik"),
  stale: flag().default(false),
  exposedByDefault: flag().default(true),
  refreshInterval: timerDuration().default(15_000),
  allowEmptyServices: flag().default(false),
  watch: flag().default(false),
  throttleDuration: timerDuration().default(0),
  namespaces: texts().default([]),
});

export const ecsSchema = z.strictObject({
  constraints: text().default(""),
  exposedByDefault: flag().default(true),
  refreshSeconds: timerDuration().default(15_000),
  defaultRule: text().default(DEFAULT_RULE),
  clusters: texts().default(["default"]),
  autoDiscoverClusters: flag().default(false),
  healthyTasksOnly: flag().default(false),
  ecsAnywhere: flag().default(false),
  region: text().default(""),
  accessKeyID: text().default(""),
  secretAccessKey: text().default(""),
});
