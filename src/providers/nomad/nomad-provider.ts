import type { Logger } from "../../core/logger.ts";
import { pause } from "../../core/loop/pause.ts";
import { type HttpClient, textOf } from "../../net/clients/http-client.ts";
import type { Runtime, Stop } from "../../net/runtime.ts";
import type { ProviderConfiguration } from "../../snapshot/provider-configuration.ts";
import { type ClientTlsConfiguration, readClientTls } from "../client-tls.ts";
import { booleanLabel } from "../labels/boolean-label.ts";
import { type CatalogItem, CatalogUnits } from "../labels/catalog-units.ts";
import type { Constraint } from "../labels/constraint.ts";
import { normalize } from "../labels/normalize.ts";
import { labelsFromTags } from "../labels/tags.ts";
import type { Provider } from "../provider.ts";
import { watchLoop } from "../watch-loop.ts";

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
  /** Milliseconds. */
  readonly refreshInterval: number;
  readonly constraint: Constraint<readonly string[]>;
  readonly defaultRule: (item: CatalogItem) => string;
}

interface ServiceList {
  readonly Services: readonly { readonly ServiceName: string; readonly Tags?: readonly string[] }[];
}

interface Registration {
  readonly ID: string;
  readonly ServiceName: string;
  readonly Address: string;
  readonly Port: number;
  readonly Tags?: readonly string[] | null;
}

const MAX_ANSWER = 64 * 1024 * 1024;
const CONCURRENCY = 8;

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

  async start(emit: (configuration: ProviderConfiguration) => void): Promise<Stop> {
    return watchLoop({
      logger: this.logger,
      source: `Nomad at ${this.options.address}`,
      session: async (signal, ready) => {
        const tls = await readClientTls(this.options.tls, this.runtime.files);
        const client = this.runtime.httpClient({ tls });
        try {
          for (;;) {
            const configuration = this.units.configuration(await this.items(client, signal));
            emit({ provider: this.name, configuration, disabled: [] });
            ready();
            await pause(this.options.refreshInterval, signal);
          }
        } finally {
          client.close();
        }
      },
    });
  }

  private async items(client: HttpClient, signal: AbortSignal): Promise<CatalogItem[]> {
    const lists = (await this.get(client, "/v1/services", signal)) as readonly ServiceList[];
    const names = lists
      .flatMap(({ Services }) => Services)
      .filter(({ Tags }) => this.mayBeEnabled(Tags ?? []))
      .map(({ ServiceName }) => ServiceName);
    const items: CatalogItem[] = [];
    const next = async (): Promise<void> => {
      for (let name = names.pop(); name !== undefined; name = names.pop()) {
        const path = `/v1/service/${encodeURIComponent(name)}`;
        for (const registration of (await this.get(
          client,
          path,
          signal,
        )) as readonly Registration[])
          this.take(registration, items);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, next));
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
        port: String(Port),
      });
    } catch (error) {
      this.logger.error("The instance is left out", { instance: ID, error });
    }
  }

  /** The parsed answer. */
  private async get(client: HttpClient, path: string, signal: AbortSignal): Promise<unknown> {
    const { address, namespace, region, stale, token } = this.options;
    const url = new URL(address.replace(/\/+$/, "") + path);
    if (namespace !== "") url.searchParams.set("namespace", namespace);
    if (region !== "") url.searchParams.set("region", region);
    if (stale) url.searchParams.set("stale", "");
    const headers: Record<string, string> = token === "" ? {} : { "X-Nomad-Token": token };
    const response = await client.request({ url: url.href, headers, signal });
    const text = await textOf(response, MAX_ANSWER);
    if (response.status !== 200)
      throw new Error(`${path} was answered ${response.status}: ${text.slice(0, 200)}`);
    return JSON.parse(text);
  }
}
