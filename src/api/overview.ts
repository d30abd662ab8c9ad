import type { StaticConfiguration } from "../config/static/schema.ts";
import type { ApiCertificate } from "./certificates.ts";
import type { ElementLists, Plane, Section } from "./elements.ts";

/** The sections of each plane, in Traefik's order. */
export const SECTIONS: readonly (readonly [Plane, readonly Section[]])[] = [
  ["http", ["routers", "services", "middlewares"]],
  ["tcp", ["routers", "services", "middlewares"]],
  ["udp", ["routers", "services"]],
];

/** Providers by their keys, as Traefik's overview names them. */
const PROVIDERS: Readonly<Record<string, string>> = {
  docker: "Docker",
  swarm: "Swarm",
  file: "File",
  kubernetesIngress: "KubernetesIngress",
  kubernetesIngressNGINX: "KubernetesIngressNGINX",
  kubernetesCRD: "KubernetesCRD",
  kubernetesGateway: "KubernetesGateway",
  knative: "Knative",
  rest: "Rest",
  consulCatalog: "ConsulCatalog",
  nomad: "Nomad",
  ecs: "Ecs",
  consul: "Consul",
  etcd: "Etcd",
  zooKeeper: "ZooKeeper",
  redis: "Redis",
  http: "HTTP",
};

/** Exporters of metrics by their keys; the first that is configured is named. */
const METRICS: readonly (readonly [key: string, name: string])[] = [
  ["prometheus", "Prometheus"],
  ["datadog", "Datadog"],
  ["statsD", "StatsD"],
  ["influxDB2", "InfluxDB2"],
  ["otlp", "OTLP"],
];

interface Counts {
  readonly total: number;
  readonly warnings: number;
  readonly errors: number;
}

/** How much there is of what, and what is switched on. Source: Traefik's pkg/api/handler_overview.go. */
export async function overview(
  configuration: StaticConfiguration,
  lists: ElementLists,
  certificates: readonly ApiCertificate[],
): Promise<unknown> {
  const planes: [Plane, Record<string, Counts>][] = [];
  for (const [plane, sections] of SECTIONS) {
    const all: Record<string, Counts> = {};
    for (const section of sections)
      all[section] = counts(await lists.all(plane, section), "disabled");
    planes.push([plane, all]);
  }
  const providers = Object.entries(configuration.providers)
    .filter(([name, value]) => value !== undefined && Object.hasOwn(PROVIDERS, name))
    .map(([name]) => PROVIDERS[name]);
  const metrics = (configuration.metrics ?? {}) as Readonly<Record<string, unknown>>;
  return {
    ...Object.fromEntries(planes),
    certificates: counts(certificates, "expired"),
    features: {
      tracing: configuration.tracing === undefined ? "" : "OTLP",
      metrics: METRICS.find(([key]) => metrics[key] !== undefined)?.[1] ?? "",
      accessLog: configuration.accessLog !== undefined,
    },
    providers: providers.length === 0 ? undefined : providers.sort(),
  };
}

function counts(elements: readonly { readonly status: string }[], failed: string): Counts {
  const having = (wanted: string) => elements.filter(({ status }) => status === wanted).length;
  return { total: elements.length, warnings: having("warning"), errors: having(failed) };
}

/** Every element by its name, in Traefik's order of maps; empty ones are left out. */
export async function rawData(lists: ElementLists): Promise<Record<string, unknown>> {
  const maps: [string, Plane, Section][] = [
    ["routers", "http", "routers"],
    ["middlewares", "http", "middlewares"],
    ["services", "http", "services"],
    ["tcpRouters", "tcp", "routers"],
    ["tcpMiddlewares", "tcp", "middlewares"],
    ["tcpServices", "tcp", "services"],
    ["udpRouters", "udp", "routers"],
    ["udpServices", "udp", "services"],
  ];
  const data: Record<string, unknown> = {};
  for (const [key, plane, section] of maps) {
    const all = await lists.all(plane, section);
    if (all.length === 0) continue;
    const map = all.map(({ name, provider, type, priorityStr, ...rest }) => [name, rest]);
    data[key] = Object.fromEntries(map);
  }
  return data;
}
