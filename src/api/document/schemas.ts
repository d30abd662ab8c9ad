import { z } from "zod";
import { dynamicSchema } from "../../config/dynamic/schema.ts";

/*
 * What the API answers, for its OpenAPI document. The tests hold the answers against it. Members that
 * are the configuration's own (a service's balancer, a middleware's options) are described in the
 * schema of the dynamic configuration.
 */

const status = z.enum(["enabled", "warning", "disabled"]);
const common = {
  error: z.array(z.string()).optional().describe("what is wrong with it"),
  status: status.describe("warning: something is wrong with it, and it serves all the same"),
};
const named = {
  name: z.string().describe("name@provider"),
  provider: z.string(),
};
const usedBy = z.array(z.string()).optional().describe("the routers that name it");
const priority = z.number().optional().describe("exact beyond doubles; see priorityStr");

const observability = z.strictObject({
  accessLogs: z.boolean(),
  metrics: z.boolean(),
  tracing: z.boolean(),
  traceVerbosity: z.enum(["minimal", "detailed"]),
});

const router = z.strictObject({
  entryPoints: z.array(z.string()).optional(),
  middlewares: z.array(z.string()).optional(),
  service: z.string().optional().describe("as written"),
  rule: z.string().optional(),
  parentRefs: z.array(z.string()).optional(),
  ruleSyntax: z.string().optional(),
  priority,
  tls: z
    .strictObject({
      options: z.string().optional(),
      certResolver: z.string().optional(),
      domains: z.array(z.unknown()).optional(),
      passthrough: z.boolean().optional(),
    })
    .optional(),
  observability: observability.optional(),
  ...common,
  using: z.array(z.string()).optional().describe("its entrypoints, sorted"),
  ...named,
  priorityStr: z.string().optional(),
});

const service = z.looseObject({
  ...common,
  usedBy,
  ...named,
  type: z.string().optional(),
  serverStatus: z.record(z.string(), z.enum(["UP", "DOWN", "DRAINING"])).optional(),
  instances: z
    .array(
      z.strictObject({
        instance: z.number(),
        pid: z.number(),
        status: z.enum(["starting", "ready", "restarting", "draining", "stopped"]),
        restarts: z.number(),
        memory: z.number().describe("resident bytes"),
        cpu: z.number().describe("seconds of processor time"),
        latency: z.number().describe("milliseconds that the last ping took"),
      }),
    )
    .optional()
    .describe("the processes of a function"),
});

const middleware = z.looseObject({
  ...common,
  usedBy,
  ...named,
  type: z.string().optional(),
});

const entryPoint = z.looseObject({ name: z.string(), address: z.string() });

const orderFailure = z
  .strictObject({
    error: z.string(),
    errorType: z.string().describe("the authority's word, such as rateLimited, or other"),
    failures: z.number().describe("one after another"),
    lastFailure: z.string(),
    nextAttempt: z.string(),
  })
  .optional();

const resolver = z.strictObject({
  name: z.string(),
  kind: z.enum(["acme", "tailscale"]),
  status: z.enum(["enabled", "warning"]),
  orders: z.boolean().describe("whether this process orders, of several with one storage"),
  succeeded: z.number().describe("orders since the start"),
  failed: z.number().describe("orders since the start"),
  certificates: z.array(
    z.strictObject({
      names: z.array(z.string()),
      serialNumber: z.string().optional(),
      notAfter: z.string().optional().describe("absent where there is none yet"),
      renewAt: z.string().optional(),
      failure: orderFailure.describe("absent where the last order succeeded"),
    }),
  ),
});

const certificate = z.strictObject({
  name: z.string().describe("SHA-256 of the certificate"),
  sans: z.array(z.string()),
  notAfter: z.string(),
  notBefore: z.string(),
  serialNumber: z.string(),
  commonName: z.string(),
  issuerOrg: z.string().optional(),
  issuerCN: z.string().optional(),
  issuerCountry: z.string().optional(),
  organization: z.string().optional(),
  country: z.string().optional(),
  version: z.string(),
  keyType: z.enum(["RSA", "ECDSA", "Unknown"]),
  keySize: z.number().optional(),
  signatureAlgorithm: z.string(),
  certFingerprint: z.string(),
  publicKeyFingerprint: z.string(),
  status: z.enum(["enabled", "warning", "expired"]),
  resolver: z.string().optional().describe("that has it (ours)"),
  renewAt: z.string().optional().describe("ours"),
  renewalFailure: orderFailure.describe("why it could not be renewed (ours)"),
});

const counts = z.strictObject({
  total: z.number(),
  warnings: z.number(),
  errors: z.number(),
});

const overview = z.strictObject({
  http: z.strictObject({ routers: counts, services: counts, middlewares: counts }),
  tcp: z.strictObject({ routers: counts, services: counts, middlewares: counts }),
  udp: z.strictObject({ routers: counts, services: counts }),
  certificates: counts,
  features: z.strictObject({
    tracing: z.string(),
    metrics: z.string(),
    accessLog: z.boolean(),
  }),
  providers: z.array(z.string()).optional(),
});

const version = z.strictObject({
  Version: z.string(),
  Codename: z.string(),
  startDate: z.string(),
  disableDashboardAd: z.boolean().optional(),
  dashboardName: z.string().optional(),
});

const map = z.record(z.string(), z.looseObject({ status }));
const rawData = z.strictObject({
  routers: map.optional(),
  middlewares: map.optional(),
  services: map.optional(),
  tcpRouters: map.optional(),
  tcpMiddlewares: map.optional(),
  tcpServices: map.optional(),
  udpRouters: map.optional(),
  udpServices: map.optional(),
});

const failure = z.strictObject({ message: z.string() });

const explainedElement = {
  name: z.string(),
  type: z.string().optional(),
  status: z.string(),
  errors: z.array(z.string()),
};
const explainedRouter = z.strictObject({
  ...explainedElement,
  rule: z.string(),
  priority: z.string(),
  matches: z.boolean(),
  failed: z.array(
    z.strictObject({
      part: z.string().describe("of the rule, or tls, or status"),
      found: z.string(),
      hint: z.string().optional(),
    }),
  ),
});
const explainedService: z.ZodType = z.strictObject({
  ...explainedElement,
  strategy: z.string().optional(),
  servers: z.array(z.strictObject({ url: z.string(), status: z.enum(["UP", "DOWN", "DRAINING"]) })),
  services: z.array(z.strictObject({ role: z.string(), service: z.lazy(() => explainedService) })),
});

const explanation = z.strictObject({
  request: z.strictObject({
    url: z.string(),
    method: z.string(),
    host: z.string(),
    path: z.string(),
    ip: z.string(),
    tls: z.boolean(),
  }),
  outcome: z.enum(["routed", "not found", "refused", "tcp", "no entrypoint"]),
  summary: z.array(z.string()),
  entryPoint: z.strictObject({ name: z.string(), address: z.string() }).optional(),
  tls: z
    .strictObject({
      options: z.string(),
      certificate: z.union([
        z.literal("generated"),
        z.strictObject({
          commonName: z.string(),
          sans: z.array(z.string()),
          notAfter: z.string(),
          status: z.string(),
        }),
      ]),
      onDemand: z.string().optional().describe("the resolver that would order one"),
    })
    .optional(),
  router: explainedRouter.optional(),
  layers: z.array(explainedRouter).describe("the routers below it that take it further"),
  middlewares: z.array(z.strictObject(explainedElement)),
  service: explainedService.optional(),
  routerCount: z.number(),
  others: z.array(explainedRouter).describe("nearest first"),
});

const figures = z.strictObject({
  requests: z.number(),
  classes: z.record(z.string(), z.number()).describe("by the status's first digit"),
  seconds: z.number().describe("of all requests together"),
  requestBytes: z.number(),
  responseBytes: z.number(),
  buckets: z.array(z.number()).describe("requests by duration"),
});
const live = z.strictObject({
  at: z.number().describe("milliseconds since the epoch"),
  bounds: z.array(z.number()).describe("upper bounds of the buckets, in seconds"),
  connections: z.record(z.string(), z.number()).describe("open now, by entrypoint"),
  entryPoints: z.record(z.string(), figures),
  owners: z.record(z.string(), figures),
});

const at = z.number().describe("milliseconds since the epoch");
const events = z.strictObject({
  reloads: z.array(
    z.strictObject({
      at,
      version: z.number(),
      routers: z.number(),
      services: z.number(),
      middlewares: z.number(),
      disabled: z.number(),
    }),
  ),
  health: z.array(
    z.strictObject({
      at,
      kind: z.enum(["http", "tcp"]),
      service: z.string(),
      server: z.string(),
      up: z.boolean(),
    }),
  ),
  errors: z.array(
    z.strictObject({
      at,
      level: z.string(),
      message: z.string(),
      fields: z.record(z.string(), z.string()),
    }),
  ),
});

/** By their names in the document. */
export const API_SCHEMAS = {
  Router: router,
  Service: service,
  Middleware: middleware,
  EntryPoint: entryPoint,
  Certificate: certificate,
  Resolver: resolver,
  Overview: overview,
  Version: version,
  RawData: rawData,
  Explanation: explanation,
  Live: live,
  Events: events,
  Failure: failure,
  DynamicConfiguration: dynamicSchema,
} as const;

export type ApiSchemaName = keyof typeof API_SCHEMAS;
