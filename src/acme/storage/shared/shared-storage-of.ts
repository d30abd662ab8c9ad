import type { AcmeConfiguration } from "../../../config/static/certificates-resolvers.ts";
import type { HttpClientTls } from "../../../net/clients/http-client.ts";
import type { Runtime } from "../../../net/runtime.ts";
import { readClientTls } from "../../../providers/client-tls.ts";
import { ConsulLeasedStore } from "./consul-leased-store.ts";
import { EtcdLeasedStore } from "./etcd-leased-store.ts";
import type { Lease, LeasedStore } from "./leased-store.ts";
import { RedisLeasedStore } from "./redis-leased-store.ts";
import { SharedStorage, type SharedStorageOptions } from "./shared-storage.ts";

type StoreConfiguration = NonNullable<AcmeConfiguration["store"]>;

/** Seconds. Consul's sessions live ten at least; its holder shows a sign of life every two. */
const LEASE_LIFE = 15;

/** The storage of a resolver's `store`. Rejects where a file of its TLS can't be read. */
export async function sharedStorageOf(
  configuration: StoreConfiguration,
  {
    runtime,
    ...options
  }: Pick<SharedStorageOptions, "logger" | "readOnly"> & {
    readonly runtime: Pick<Runtime, "files" | "httpClient" | "redis">;
  },
): Promise<SharedStorage> {
  const { rootKey, tls } = (configuration.redis ?? configuration.etcd ?? configuration.consul)!;
  const root = rootKey.replace(/^\/+|\/+$/g, "");
  const lease = { key: `${root}-lease`, holder: crypto.randomUUID(), life: LEASE_LIFE };
  const clientTls = await readClientTls(tls, runtime.files);
  const store = leasedStore(configuration, lease, clientTls, runtime);
  return new SharedStorage({ ...options, store, root, life: LEASE_LIFE });
}

function leasedStore(
  { redis, etcd, consul }: StoreConfiguration,
  lease: Lease,
  tls: HttpClientTls | undefined,
  runtime: Pick<Runtime, "httpClient" | "redis">,
): LeasedStore {
  if (redis !== undefined) return new RedisLeasedStore({ ...redis, tls }, lease, runtime);
  if (etcd !== undefined) return new EtcdLeasedStore({ ...etcd, tls }, lease, runtime);
  const { endpoints, token, namespace } = consul!;
  return new ConsulLeasedStore({ address: endpoints[0], token, namespace, tls }, lease, runtime);
}
