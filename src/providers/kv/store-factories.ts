import type { StaticConfiguration } from "../../config/static/schema.ts";
import { readClientTls } from "../client-tls.ts";
import type { Provider, ProviderContext } from "../provider.ts";
import { ConsulStore } from "./consul-store.ts";
import { EtcdStore } from "./etcd-store.ts";
import { KeyValueProvider } from "./key-value-provider.ts";
import { RedisStore } from "./redis-store.ts";
import { ZooKeeperStore } from "./zookeeper-store.ts";

type Providers = StaticConfiguration["providers"];

/** The provider that `providers.etcd` describes. */
export function etcdProvider(
  { endpoints, rootKey, ...rest }: NonNullable<Providers["etcd"]>,
  { runtime, logger }: ProviderContext,
): Provider {
  const store = async () =>
    new EtcdStore(
      { ...rest, endpoints, tls: await readClientTls(rest.tls, runtime.files) },
      runtime,
    );
  return new KeyValueProvider({ name: "etcd", title: "etcd", endpoints, rootKey, store }, logger);
}

/** The providers that `providers.consul` describes, one for each namespace. */
export function consulProviders(
  { endpoints, namespaces, rootKey, tls, token }: NonNullable<Providers["consul"]>,
  { runtime, logger }: ProviderContext,
): Provider[] {
  return (namespaces.length === 0 ? [""] : namespaces).map((namespace) => {
    const name = namespace === "" ? "consul" : `consul-${namespace}`;
    const store = async () =>
      new ConsulStore(
        {
          address: endpoints[0],
          token,
          namespace,
          tls: await readClientTls(tls, runtime.files),
        },
        runtime,
      );
    return new KeyValueProvider({ name, title: "Consul", endpoints, rootKey, store }, logger);
  });
}

/** The provider that `providers.redis` describes. */
export function redisProvider(
  { endpoints, rootKey, ...rest }: NonNullable<Providers["redis"]>,
  { runtime, logger }: ProviderContext,
): Provider {
  const store = async (log: typeof logger) =>
    new RedisStore(
      { ...rest, endpoints, tls: await readClientTls(rest.tls, runtime.files) },
      runtime,
      (message) => log.warn(message),
    );
  return new KeyValueProvider({ name: "redis", title: "Redis", endpoints, rootKey, store }, logger);
}

/** The provider that `providers.zooKeeper` describes. */
export function zooKeeperProvider(
  { endpoints, rootKey, ...rest }: NonNullable<Providers["zooKeeper"]>,
  { runtime, logger }: ProviderContext,
): Provider {
  const store = async () => new ZooKeeperStore({ ...rest, endpoints }, runtime);
  const name = "zookeeper";
  return new KeyValueProvider({ name, title: "ZooKeeper", endpoints, rootKey, store }, logger);
}
