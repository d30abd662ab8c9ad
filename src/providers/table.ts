import type { StaticConfiguration } from "../config/static/schema.ts";
import { consulCatalogProviders } from "./consul/consul-catalog-factory.ts";
import { dockerProvider, swarmProvider } from "./docker/docker-factories.ts";
import { ecsProvider } from "./ecs/ecs-factory.ts";
import { fileProvider } from "./file/file-provider.ts";
import { httpProvider } from "./http/http-provider.ts";
import {
  consulProviders,
  etcdProvider,
  redisProvider,
  zooKeeperProvider,
} from "./kv/store-factories.ts";
import { nomadProviders } from "./nomad/nomad-factory.ts";
import type { Provider, ProviderContext, ProviderFactory } from "./provider.ts";
import { restProvider } from "./rest/rest-provider.ts";

type Configurations = StaticConfiguration["providers"];

/** The providers that Sluice has, by their keys in the static configuration; a folder and a line for each. */
const PROVIDERS: { readonly [K in keyof Configurations]?: ProviderFactory<K> } = {
  docker: dockerProvider,
  swarm: swarmProvider,
  file: fileProvider,
  consulCatalog: consulCatalogProviders,
  nomad: nomadProviders,
  ecs: ecsProvider,
  consul: consulProviders,
  etcd: etcdProvider,
  zooKeeper: zooKeeperProvider,
  redis: redisProvider,
  http: httpProvider,
  rest: restProvider,
};

/**
 * The configured providers, first those that `providers.precedence` names, in its order, then the
 * others in the table's.
 */
export function createProviders(
  configurations: Configurations,
  context: ProviderContext,
): Provider[] {
  const { precedence = [] } = configurations;
  const rank = (name: string) => {
    const place = precedence.indexOf(name);
    return place < 0 ? precedence.length : place;
  };
  return (Object.keys(PROVIDERS) as (keyof Configurations)[])
    .flatMap((name) => create(name, configurations, context))
    .sort((a, b) => rank(a.name) - rank(b.name));
}

function create<K extends keyof Configurations>(
  name: K,
  configurations: Configurations,
  context: ProviderContext,
): Provider[] {
  const configuration = configurations[name];
  const factory = PROVIDERS[name] as ProviderFactory<K> | undefined;
  if (configuration === undefined || factory === undefined) return [];
  const made = factory(configuration as NonNullable<Configurations[K]>, context);
  return Array.isArray(made) ? made : [made as Provider];
}
