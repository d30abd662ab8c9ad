import { z } from "zod";
import { certificateAuthorities } from "../dynamic/certificate.ts";
import {
  duration,
  flag,
  integer,
  map,
  maxIdleConnsPerHost,
  oneOf,
  signedDuration,
  spiffe,
  text,
  texts,
  workers,
} from "../fields.ts";
import { accepted, ignored, limited, ours, refused } from "../support.ts";
import { certificatesResolvers } from "./certificates-resolvers.ts";
import { entryPointSchema } from "./entry-points.ts";
import { accessLogSchema, logSchema } from "./logs.ts";
import { metricsSchema } from "./metrics.ts";
import { providersSchema } from "./providers.ts";
import { tracingSchema } from "./tracing.ts";

const serversTransport = () =>
  z.strictObject({
    insecureSkipVerify: flag().optional(),
    rootCAs: certificateAuthorities().optional(),
    maxIdleConnsPerHost: maxIdleConnsPerHost().default(200),
    forwardingTimeouts: z
      .strictObject({
        dialTimeout: duration().default(30_000),
        responseHeaderTimeout: duration().default(0),
        idleConnTimeout: duration().default(90_000),
      })
      .prefault({}),
    spiffe: refused(spiffe()),
  });

const tcpServersTransport = () =>
  z.strictObject({
    dialKeepAlive: accepted(signedDuration(), "connections have the system's keep-alive"),
    dialTimeout: duration().default(30_000),
    terminationDelay: signedDuration().default(100),
    tls: z
      .strictObject({
        insecureSkipVerify: flag().default(false),
        rootCAs: certificateAuthorities().optional(),
        spiffe: refused(spiffe()),
      })
      .optional(),
  });

const pluginSettings = () =>
  z.strictObject({
    envs: texts().optional(),
    mounts: texts().optional(),
    useUnsafe: flag().optional(),
  });

const SWITCH = "the feature that it switches on is refused where it is configured";

const GO_PLUGINS =
  "Go programs, which Sluice can't run: middlewares of theirs are disabled, with the routers that use them; write a JavaScript or TypeScript module (docs/middlewares/traffic.md)";

const experimental = () =>
  z
    .strictObject({
      plugins: ignored(
        z.record(
          z.string(),
          z.strictObject({
            moduleName: text().optional(),
            version: text().optional(),
            settings: pluginSettings().optional(),
          }),
        ),
        GO_PLUGINS,
      ),
      localPlugins: ignored(
        z.record(
          z.string(),
          z.strictObject({ moduleName: text().optional(), settings: pluginSettings().optional() }),
        ),
        GO_PLUGINS,
      ),
      abortOnPluginFailure: flag().default(false),
      fastProxy: accepted(
        z.strictObject({ debug: flag().optional() }),
        "there is one proxy, and it is fast",
      ),
      otlplogs: flag().default(false),
      knative: accepted(flag(), SWITCH),
      kubernetesIngressNGINX: accepted(flag(), SWITCH),
      kubernetesGateway: accepted(flag(), SWITCH),
    })
    .superRefine(({ plugins, localPlugins, abortOnPluginFailure }, context) => {
      if (!abortOnPluginFailure || (plugins ?? localPlugins) === undefined) return;
      context.addIssue({
        code: "custom",
        path: ["abortOnPluginFailure"],
        message:
          "asks not to start without plugins, and Sluice can't run those of Traefik, which are Go programs",
      });
    });

const sections = z.strictObject({
  global: z
    .strictObject({
      checkNewVersion: accepted(flag(), "Sluice never calls home"),
      sendAnonymousUsage: accepted(flag(), "Sluice never calls home"),
      notAppendXForwardedFor: flag().optional(),
    })
    .optional(),
  serversTransport: serversTransport().prefault({}),
  tcpServersTransport: tcpServersTransport().prefault({}),
  entryPoints: z
    .record(z.string().min(1), entryPointSchema)
    .refine(
      (entries) => Object.keys(entries).length > 0,
      "expected at least one entrypoint, found none",
    )
    .prefault({ http: { address: ":80" } }),
  providers: providersSchema.prefault({}),
  api: z
    .strictObject({
      basePath: text()
        .refine((path) => path === "" || path.startsWith("/"), {
          error: ({ input }) => `expected a path that begins with "/", found "${String(input)}"`,
        })
        .default(""),
      insecure: flag().default(false),
      dashboard: flag().default(true),
      debug: limited(
        flag().default(false),
        "memory and CPU profiles of the JavaScript engine instead of Go's",
      ),
      disableDashboardAd: flag().default(false),
      dashboardName: text().default(""),
      allowChanges: ours(flag(), "the API may change what runs: purge caches, drain servers"),
      explainToken: ours(
        text()
          .refine((token) => /^[\x21-\x7e]{16,256}$/.test(token), {
            error: "expected 16 to 256 characters of printable ASCII without blanks",
          })
          .optional(),
        "a request with it in the field Sluice-Explain is told its way in the response",
      ),
    })
    .optional(),
  metrics: metricsSchema.optional(),
  ping: z
    .strictObject({
      entryPoint: text().default("traefik"),
      manualRouting: flag().default(false),
      terminatingStatusCode: integer(100, 599).default(503),
    })
    .optional(),
  log: logSchema.prefault({}),
  accessLog: accessLogSchema.optional(),
  tracing: tracingSchema.optional(),
  hostResolver: z
    .strictObject({
      cnameFlattening: flag().default(false),
      resolvConfig: text().default("/etc/resolv.conf"),
      resolvDepth: integer(0, 32).default(5),
    })
    .optional(),
  certificatesResolvers: certificatesResolvers().optional(),
  experimental: experimental().optional(),
  core: z
    .strictObject({
      defaultRuleSyntax: oneOf("v3", "v2").optional(),
      workers: ours(
        workers(),
        "threads that serve: a number, or auto for the processors that the process may use",
      ),
      splice: ours(
        flag(),
        "false keeps the kernel from relaying TCP connections and tunnels by itself (Linux, Bun)",
      ),
    })
    .optional(),
  spiffe: refused(() => z.strictObject({ workloadAPIAddr: text().optional() })),
  ocsp: refused(
    () => z.strictObject({ responderOverrides: map().optional() }),
    "neither Bun's nor Deno's TLS can staple a response; Let's Encrypt has ended OCSP",
  ),
});

/** Traefik's static configuration, every key: what Sluice does not have yet is refused by name. */
export const staticSchema = sections.superRefine(
  ({ log, accessLog, experimental: switches }, context) => {
    if (switches?.otlplogs === true) return;
    for (const [key, section] of [
      ["log", log],
      ["accessLog", accessLog],
    ] as const) {
      if (section?.otlp === undefined) continue;
      const message = "expected experimental.otlplogs: true beside it, as in Traefik";
      context.addIssue({ code: "custom", path: [key, "otlp"], message });
    }
  },
);

/** The static configuration with its defaults; durations in milliseconds. */
export type StaticConfiguration = z.output<typeof staticSchema>;
