import { validateDynamic } from "../../config/dynamic/validate.ts";
import { ConfigError, formatIssue } from "../../config/sources/document.ts";
import { parseKeyValues } from "../../config/sources/key-values.ts";
import type { Logger } from "../../core/logger.ts";
import type { Stop } from "../../net/runtime.ts";
import type { ProviderConfiguration } from "../../snapshot/provider-configuration.ts";
import type { Provider } from "../provider.ts";
import { watchLoop } from "../watch-loop.ts";
import { withoutModules } from "../without-modules.ts";
import type { KeyValueStore, Pairs } from "./key-value-store.ts";

export interface KeyValueProviderOptions {
  /** Traefik's name of the provider, with its namespace where it has one: "redis", "consul-dev". */
  readonly name: string;
  /** For messages: "etcd". */
  readonly title: string;
  readonly endpoints: readonly string[];
  readonly rootKey: string;
  /** Makes the store for one connection's life. */
  readonly store: (logger: Logger) => Promise<KeyValueStore>;
}

/**
 * Traefik's key-value providers: a whole dynamic configuration as pairs in a store. A tree that
 * can't be read keeps the last configuration; an element with an error is disabled alone. A root that
 * is gone is an empty configuration.
 * Source: Traefik's pkg/provider/kv/kv.go.
 */
export class KeyValueProvider implements Provider {
  readonly name: string;
  readonly remote = true;
  private readonly options: KeyValueProviderOptions;
  private readonly root: string;
  private readonly logger: Logger;

  constructor(options: KeyValueProviderOptions, logger: Logger) {
    this.name = options.name;
    this.options = options;
    this.root = options.rootKey.replace(/^\/+|\/+$/g, "");
    this.logger = logger.with({ providerName: this.name });
  }

  async start(emit: (configuration: ProviderConfiguration) => void): Promise<Stop> {
    const { endpoints, store, title } = this.options;
    return watchLoop({
      logger: this.logger,
      source: `${title} at ${endpoints.join(", ")}`,
      session: async (signal, ready) =>
        (await store(this.logger)).watch(this.root, signal, (pairs) => {
          this.take(pairs, emit);
          ready();
        }),
    });
  }

  private take(pairs: Pairs, emit: (configuration: ProviderConfiguration) => void): void {
    try {
      const { configuration, issues, disabled, notices } = withoutModules(
        validateDynamic(parseKeyValues(pairs, this.root)),
      );
      for (const issue of issues) this.logger.error(formatIssue(issue));
      for (const notice of notices) this.logger[notice.level](formatIssue(notice));
      emit({ provider: this.name, configuration, disabled });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const issue of error.issues) this.logger.error(formatIssue(issue));
    }
  }
}
