import { z } from "zod";
import { duration, flag, integer, ipStrategy, text, texts, timerDuration } from "../fields.ts";
import { nearest } from "../nearest.ts";
import { refused } from "../support.ts";
import {
  consulCatalogSchema,
  dockerSchema,
  ecsSchema,
  nomadSchema,
  swarmSchema,
} from "./label-providers.ts";
import {
  consulSchema,
  etcdSchema,
  httpProviderSchema,
  redisSchema,
  zooKeeperSchema,
} from "./store-providers.ts";

/** As elements have them behind their "@"; consulcatalog, consul and nomad may add "-" and a namespace. */
const PROVIDER_NAMES = [
  "internal",
  "file",
  "docker",
  "swarm",
  "kubernetes",
  "kubernetescrd",
  "kubernetesgateway",
  "kubernetesingressnginx",
  "knative",
  "consulcatalog",
  "nomad",
  "ecs",
  "consul",
  "etcd",
  "zookeeper",
  "redis",
  "http",
  "rest",
];

function isProviderName(name: string): boolean {
  return (
    PROVIDER_NAMES.includes(name) ||
    /^(consulcatalog|consul|nomad)-./.test(name) ||
    name.startsWith("plugin-")
  );
}

const kubernetes = () => ({
  endpoint: text().optional(),
  token: text().optional(),
  certAuthFilePath: text().optional(),
  throttleDuration: duration().optional(),
});

const namespaced = () => ({ namespaces: texts().optional(), labelSelector: text().optional() });

const serviceReference = () =>
  z.strictObject({ name: text().optional(), namespace: text().optional() });

export const providersSchema = z.strictObject({
  providersThrottleDuration: timerDuration().default(2000),
  docker: dockerSchema.optional(),
  swarm: swarmSchema.optional(),
  file: z
    .strictObject({
      directory: text().optional(),
      watch: flag().default(true),
      filename: text().optional(),
      debugLogGeneratedTemplate: flag().optional(),
    })
    .optional(),
  kubernetesIngress: refused(() =>
    z.strictObject({
      ...kubernetes(),
      ...namespaced(),
      ingressClass: text().optional(),
      ingressEndpoint: z
        .strictObject({
          ip: text().optional(),
          hostname: text().optional(),
          publishedService: text().optional(),
        })
        .optional(),
      allowEmptyServices: flag().optional(),
      allowExternalNameServices: flag().optional(),
      disableIngressClassLookup: flag().optional(),
      disableClusterScopeResources: flag().optional(),
      nativeLBByDefault: flag().optional(),
      strictPrefixMatching: flag().optional(),
      crossProviderNamespaces: texts().optional(),
    }),
  ),
  kubernetesIngressNGINX: refused(() =>
    z.strictObject({
      ...kubernetes(),
      watchNamespace: text().optional(),
      watchNamespaceSelector: text().optional(),
      ingressClass: text().optional(),
      controllerClass: text().optional(),
      watchIngressWithoutClass: flag().optional(),
      ingressClassByName: flag().optional(),
      publishService: text().optional(),
      publishStatusAddress: texts().optional(),
      defaultBackendService: text().optional(),
      disableSvcExternalName: flag().optional(),
      globalAuthURL: text().optional(),
      ipAllowListStrategy: ipStrategy().optional(),
      httpEntryPoint: text().optional(),
      httpsEntryPoint: text().optional(),
      proxyRequestBuffering: flag().optional(),
      clientBodyBufferSize: integer().optional(),
      proxyBodySize: integer().optional(),
      proxyBuffering: flag().optional(),
      proxyBufferSize: integer().optional(),
      proxyBuffersNumber: integer().optional(),
      proxyConnectTimeout: integer().optional(),
      proxyReadTimeout: integer().optional(),
      proxySendTimeout: integer().optional(),
      proxyNextUpstream: text().optional(),
      proxyNextUpstreamTries: integer().optional(),
      proxyNextUpstreamTimeout: integer().optional(),
      customHTTPErrors: texts().optional(),
      upstreamKeepaliveTimeout: integer().optional(),
      allowCrossNamespaceResources: flag().optional(),
      globalAllowedResponseHeaders: texts().optional(),
      allowSnippetAnnotations: flag().optional(),
      strictValidatePathType: flag().optional(),
    }),
  ),
  kubernetesCRD: refused(() =>
    z.strictObject({
      ...kubernetes(),
      ...namespaced(),
      allowCrossNamespace: flag().optional(),
      allowExternalNameServices: flag().optional(),
      ingressClass: text().optional(),
      allowEmptyServices: flag().optional(),
      nativeLBByDefault: flag().optional(),
      disableClusterScopeResources: flag().optional(),
      crossProviderNamespaces: texts().optional(),
    }),
  ),
  kubernetesGateway: refused(() =>
    z.strictObject({
      ...kubernetes(),
      ...namespaced(),
      experimentalChannel: flag().optional(),
      qps: integer().optional(),
      burst: integer().optional(),
      crossProviderNamespaces: texts().optional(),
      statusAddress: z
        .strictObject({
          ip: text().optional(),
          hostname: text().optional(),
          service: serviceReference().optional(),
        })
        .optional(),
      nativeLBByDefault: flag().optional(),
    }),
  ),
  knative: refused(() =>
    z.strictObject({
      ...kubernetes(),
      ...namespaced(),
      publicEntrypoints: texts().optional(),
      publicService: serviceReference().optional(),
      privateEntrypoints: texts().optional(),
      privateService: serviceReference().optional(),
    }),
  ),
  rest: z.strictObject({ insecure: flag().default(false) }).optional(),
  consulCatalog: consulCatalogSchema.optional(),
  nomad: nomadSchema.optional(),
  ecs: ecsSchema.optional(),
  consul: consulSchema.optional(),
  etcd: etcdSchema.optional(),
  zooKeeper: zooKeeperSchema.optional(),
  redis: redisSchema.optional(),
  http: httpProviderSchema.optional(),
  plugin: refused(() => z.record(z.string(), z.record(z.string(), z.unknown()))),
  precedence: z
    .array(
      z.string().superRefine((name, context) => {
        if (isProviderName(name)) return;
        const guess = nearest(name, PROVIDER_NAMES);
        const meant = guess === undefined ? "" : `, did you mean "${guess}"?`;
        context.addIssue({
          code: "custom",
          message: `expected the name of a provider, found "${name}"${meant}`,
        });
      }),
    )
    .optional(),
});
