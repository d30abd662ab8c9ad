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
import { NomadApi, type Registration } from "./nomad-api.ts";

export interface NomadOptions {
  /** A URL. */
  readonly address: string;
  readonly region: string;
  readonly token: string;
  readonly tls?: ClientTlsConfiguration;
  /** "" for the default one. */
  readonly namespace: string;
  readonly prefix: string;
  readonly stale: boolean;
  readonly exposedByDefault: boolean;
  /** Services that are scaled to no instance are there, without servers. */
  readonly allowEmptyServices: boolean;
  /** Nomad's events say when to look, not `refreshInterval`. */
  readonly watch: boolean;
  /** At least so long between two looks that events ask for. Milliseconds. */
  readonly throttleDuration: number;
  /** Milliseconds. */
  readonly refreshInterval: number;
  readonly constraint: Constraint<readonly string[]>;
  readonly defaultRule: (item: CatalogItem) => string;
}

/** Services that are asked for at once. */
const CONCURRENCY = 8;

/** Events come in handfuls. Milliseconds. */
const SETTLE_TIME = 50;

/**
 * Traefik's Nomad provider: the services that Nomad itself registers, by their tags. It looks at
 * them again and again.
 * Source: Traefik's pkg/provider/nomad; Nomad's documentation of its HTTP API, "Services".
 */
export class NomadProvider implements Provider {
  readonly name: string;
  readonly remote = true;
  private readonly options: NomadOptions;
  private readonly logger: Logger;
  private readonly runtime: Pick<Runtime, "httpClient" | "files">;
  private readonly units: CatalogUnits;

  constructor(
    options: NomadOptions,
    runtime: Pick<Runtime, "httpClient" | "files">,
    logger: Logger,
  ) {
    this.name = options.namespace === "" ? "nomad" : `nomad-${options.namespace}`;
    this.options = options;
    this.logger = logger.with({ providerName: this.name });
    this.runtime = runtime;
    this.units = new CatalogUnits(options.defaultRule, this.logger);
  }

  start(emit: (configuration: ProviderConfiguration) => void): Promise<Stop> {
    return watchLoop({
      logger: this.logger,
      source: `Nomad at ${this.options.address}`,
      session: async (signal, ready) => {
        const tls = await readClientTls(this.options.tls, this.runtime.files);
        const client = this.runtime.httpClient({ tls });
        try {
          await this.session(new NomadApi(this.options, client), emit, signal, ready);
        } finally {
          client.close();
        }
      },
    });
  }

  private async session(
    api: NomadApi,
    emit: (configuration: ProviderConfiguration) => void,
    whole: AbortSignal,
    ready: () => void,
  ): Promise<void> {
    const broken = new AbortController();
    const signal = AbortSignal.any([whole, broken.signal]);
    const look = async () => {
      const configuration = this.units.configuration(await this.items(api, signal));
      emit({ provider: this.name, configuration, disabled: [] });
    };
    const { refreshInterval, throttleDuration, watch } = this.options;
    // Before the list, so that nothing happens between the two unseen.
    const events = watch ? await api.serviceEvents(signal) : undefined;
    await look();
    ready();
    if (events === undefined) {
      for (;;) {
        await pause(refreshInterval, signal);
        await look();
      }
    }
    const changes = new SettledChanges(Math.max(SETTLE_TIME, throttleDuration), look);
    changes.failed = (error) => broken.abort(error);
    for await (const _ of events) changes.add("services");
    throw new Error("the stream of events ended");
  }

  private async items(api: NomadApi, signal: AbortSignal): Promise<CatalogItem[]> {
    const names = (await api.services(signal))
      .filter(({ Tags }) => this.mayBeEnabled(Tags ?? []))
      .map(({ ServiceName }) => ServiceName);
    const items: CatalogItem[] = [];
    const next = async (): Promise<void> => {
      for (let name = names.pop(); name !== undefined; name = names.pop())
        for (const registration of await api.instances(name, signal))
          this.take(registration, items);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, next));
    if (this.options.allowEmptyServices)
      for (const empty of await api.emptyServices(signal)) this.take(empty, items);
    return items;
  }

  private mayBeEnabled(tags: readonly string[]): boolean {
    const { exposedByDefault, prefix } = this.options;
    return exposedByDefault || tags.some((tag) => tag.startsWith(prefix));
  }

  private take({ ID, ServiceName, Address, Port, Tags }: Registration, items: CatalogItem[]): void {
    const tags = Tags ?? [];
    const { constraint, exposedByDefault, prefix } = this.options;
    const labels = labelsFromTags(tags, prefix);
    try {
      if (!booleanLabel("enable", labels["traefik.enable"], exposedByDefault)) return;
      if (!constraint(tags)) return;
      items.push({
        id: ID,
        name: normalize(ServiceName),
        labels,
        host: Address,
        port: Address === "" ? "" : String(Port),
      });
    } catch (error) {
      this.logger.error("The instance is left out", { instance: ID, error });
    }
  }
}
