import type { Logger } from "../../core/logger.ts";
import { pause } from "../../core/loop/pause.ts";
import type { Runtime, Stop } from "../../net/runtime.ts";
import type { ProviderConfiguration } from "../../snapshot/provider-configuration.ts";
import { type ClientTlsConfiguration, readClientTls } from "../client-tls.ts";
import { booleanLabel } from "../labels/boolean-label.ts";
import { type CatalogItem, CatalogUnits } from "../labels/catalog-units.ts";
import type { Constraint } from "../labels/constraint.ts";
import { normalize } from "../labels/normalize.ts";
import { labelsFromTags } from "../labels/tags.ts";
import type { Provider } from "../provider.ts";
import { SettledChanges } from "../settled-changes.ts";
import { watchLoop } from "../watch-loop.ts";
import { ConsulApi, type ConsulApiOptions, type Query } from "./consul-api.ts";

export interface ConsulCatalogOptions extends Omit<ConsulApiOptions, "tls"> {
  readonly tls?: ClientTlsConfiguration;
  /** What tags of Traefik's begin with. */
  readonly prefix: string;
  readonly exposedByDefault: boolean;
  /** Between two looks, where changes aren't watched. Milliseconds. */
  readonly refreshInterval: number;
  readonly watch: boolean;
  /** An instance is taken whose worst check is one of these: "passing", "warning", "critical". */
  readonly strictChecks: readonly string[];
  readonly requireConsistent: boolean;
  readonly stale: boolean;
  readonly cache: boolean;
  readonly constraint: Constraint<readonly string[]>;
  readonly defaultRule: (item: CatalogItem) => string;
}

/** The part of an entry of /v1/health/service/NAME that is read. */
interface HealthEntry {
  readonly Node: { readonly Node: string; readonly Address: string };
  readonly Service: {
    readonly ID: string;
    readonly Service: string;
    readonly Tags?: readonly string[] | null;
    readonly Address: string;
    readonly Port: number;
  };
  readonly Checks?: readonly { readonly Status: string }[] | null;
}

/** Services that are asked for at once. */
const CONCURRENCY = 8;
/** Milliseconds. */
const SETTLE_TIME = 100;

/**
 * Traefik's Consul catalog provider: the instances of services, by their tags. Looks at the catalog
 * again and again, or with `watch` whenever a service or a check changes.
 * Source: Traefik's pkg/provider/consulcatalog; Consul's documentation of its HTTP API.
 */
export class ConsulCatalogProvider implements Provider {
  readonly name: string;
  readonly remote = true;
  private readonly options: ConsulCatalogOptions;
  private readonly logger: Logger;
  private readonly runtime: Pick<Runtime, "httpClient" | "files">;
  private readonly units: CatalogUnits;
  private readonly query: Query;

  constructor(
    options: ConsulCatalogOptions,
    runtime: Pick<Runtime, "httpClient" | "files">,
    logger: Logger,
  ) {
    const { namespace = "" } = options;
    this.name = namespace === "" ? "consulcatalog" : `consulcatalog-${namespace}`;
    this.options = options;
    this.logger = logger.with({ providerName: this.name });
    this.runtime = runtime;
    this.units = new CatalogUnits(options.defaultRule, this.logger);
    this.query = {
      ...(options.stale && { stale: "" }),
      ...(options.requireConsistent && { consistent: "" }),
      ...(options.cache && { cached: "" }),
    };
  }

  async start(emit: (configuration: ProviderConfiguration) => void): Promise<Stop> {
    return watchLoop({
      logger: this.logger,
      source: `Consul at ${this.options.address}`,
      session: async (signal, ready) => {
        const tls = await readClientTls(this.options.tls, this.runtime.files);
        const api = new ConsulApi({ ...this.options, tls }, this.runtime);
        try {
          await this.session(api, emit, signal, ready);
        } finally {
          api.close();
        }
      },
    });
  }

  private async session(
    api: ConsulApi,
    emit: (configuration: ProviderConfiguration) => void,
    signal: AbortSignal,
    ready: () => void,
  ): Promise<void> {
    const look = async (within: AbortSignal) => {
      const configuration = this.units.configuration(await this.items(api, within));
      emit({ provider: this.name, configuration, disabled: [] });
      ready();
    };
    if (!this.options.watch) {
      for (;;) {
        await look(signal);
        await pause(this.options.refreshInterval, signal);
      }
    }
    const broken = new AbortController();
    const whole = AbortSignal.any([signal, broken.signal]);
    await look(whole);
    const changes = new SettledChanges(SETTLE_TIME, () => look(whole));
    changes.failed = (error) => broken.abort(error);
    const watch = (path: string) =>
      api.watch(path, this.query, whole, () => changes.add("catalog"));
    try {
      await Promise.all([watch("/v1/catalog/services"), watch("/v1/health/state/any")]);
    } finally {
      broken.abort(new Error("the watch has ended"));
    }
  }

  private async items(api: ConsulApi, signal: AbortSignal): Promise<CatalogItem[]> {
    const { constraint } = this.options;
    const services = (await api.get("/v1/catalog/services", this.query, signal)) as
      | Readonly<Record<string, readonly string[]>>
      | undefined;
    const names = Object.entries(services ?? {})
      .filter(([, tags]) => this.options.exposedByDefault || this.mayBeEnabled(tags))
      .map(([name]) => name);
    const items: CatalogItem[] = [];
    const next = async (): Promise<void> => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) {
        const path = `/v1/health/service/${encodeURIComponent(name)}`;
        const entries = (await api.get(path, this.query, signal)) as readonly HealthEntry[];
        for (const entry of entries ?? []) {
          const tags = entry.Service.Tags ?? [];
          if (this.isHealthy(entry) && constraint(tags)) this.take(entry, tags, items);
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, next));
    return items;
  }

  /** Without such a tag on any of its instances, a service isn't asked for. */
  private mayBeEnabled(tags: readonly string[]): boolean {
    return tags.some((tag) => tag.startsWith(`${this.options.prefix}.`));
  }

  private isHealthy({ Checks }: HealthEntry): boolean {
    const statuses = (Checks ?? []).map(({ Status }) => Status);
    const worst =
      ["maintenance", "critical", "warning"].find((status) => statuses.includes(status)) ??
      "passing";
    return this.options.strictChecks.includes(worst);
  }

  private take(entry: HealthEntry, tags: readonly string[], items: CatalogItem[]): void {
    const { Node, Service } = entry;
    const labels = labelsFromTags(tags, this.options.prefix);
    const logger = this.logger.with({ serviceName: Service.Service, instance: Service.ID });
    try {
      const { exposedByDefault } = this.options;
      const enabled = booleanLabel("enable", labels["traefik.enable"], exposedByDefault);
      if (!enabled) return;
      if (booleanLabel("connect", labels["traefik.consulcatalog.connect"], false)) {
        logger.error(
          "The instance is left out: Consul Connect is known to Traefik, not supported by Sluice",
        );
        return;
      }
      const canary = booleanLabel("canary", labels["traefik.consulcatalog.canary"], false);
      items.push({
        id: `${Node.Node}-${Service.ID}`,
        name: normalize(Service.Service) + (canary ? `-${hashOf(tags)}` : ""),
        labels,
        host: Service.Address || Node.Address,
        port: String(Service.Port),
      });
    } catch (error) {
      logger.error("The instance is left out", { error });
    }
  }
}

/** A short digest of tags in any order (FNV-1a, 32 bits). */
function hashOf(tags: readonly string[]): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(tags.toSorted().join("\n")))
    hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16);
}
