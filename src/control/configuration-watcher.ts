import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Provider } from "../providers/provider.ts";
import { aggregateInTurns, type EntryPointModel, type RouterMemo } from "../snapshot/aggregate.ts";
import type { ProviderConfiguration } from "../snapshot/provider-configuration.ts";
import type { RuleSyntax } from "../snapshot/rule-in-v3.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import { RunningProvider } from "./running-provider.ts";

export interface ConfigurationWatcherOptions {
  /** In the order of their rank: routers of equal priority are the first one's. */
  readonly providers: readonly Provider[];
  readonly models: readonly EntryPointModel[];
  readonly defaultRuleSyntax?: RuleSyntax | undefined;
  readonly udpEntryPoints?: readonly string[];
  /** Traefik's providersThrottleDuration, for each provider. Milliseconds. */
  readonly throttle: number;
  readonly logger: Logger;
  /** Puts a snapshot to work. Resolves when it serves, rejects where it can't: the last one then goes on. */
  readonly apply: (snapshot: Snapshot) => Promise<void>;
  /** How long the start waits for a provider that asks over the network, in milliseconds. */
  readonly patience?: number;
}

const PATIENCE = 500;

/**
 * Runs the providers side by side and applies the newest of what they say, one snapshot at a time.
 * One that can't be reached, or takes long, keeps none of the others from serving.
 */
export class ConfigurationWatcher {
  private readonly options: ConfigurationWatcherOptions;
  private providers: readonly RunningProvider[] = [];
  private readonly routed: RouterMemo = new WeakMap();
  private version = 0;
  private dirty = false;
  private applying: Promise<void> | undefined;
  private started = false;
  private stopped = false;

  constructor(options: ConfigurationWatcherOptions) {
    this.options = options;
  }

  /** Resolves when what the providers have to begin with is serving, of remote ones what is there in time. */
  async start(): Promise<void> {
    const { providers, throttle, logger, patience = PATIENCE } = this.options;
    const changed = () => this.applyAgain();
    this.providers = providers.map(
      (provider) => new RunningProvider(provider, { throttle, logger, changed }),
    );
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience);
    });
    await Promise.all(
      this.providers.map(({ provider, begun }) =>
        provider.remote === true ? Promise.race([begun, enough]) : begun,
      ),
    );
    clearTimeout(timer);
    this.started = true;
    await this.applyNow();
  }

  /** Nothing is applied any more, but for what is being applied now. */
  stop(): void {
    this.stopped = true;
    for (const provider of this.providers) provider.stop();
  }

  /** Applies what there is: a provider, or something that a configuration refers to, has changed. */
  applyAgain(): void {
    this.dirty = true;
    if (this.started && this.applying === undefined && !this.stopped) void this.applyNow();
  }

  private applyNow(): Promise<void> {
    this.applying = this.applyAll().finally(() => {
      this.applying = undefined;
    });
    return this.applying;
  }

  private async applyAll(): Promise<void> {
    do {
      this.dirty = false;
      await this.applyOnce();
    } while (this.dirty && !this.stopped);
  }

  private async applyOnce(): Promise<void> {
    const sources = this.providers
      .map(({ current }) => current)
      .filter((current): current is ProviderConfiguration => current !== undefined);
    const { models, udpEntryPoints, defaultRuleSyntax } = this.options;
    try {
      const version = ++this.version;
      await this.options.apply(
        await aggregateInTurns(
          this.routed,
          version,
          sources,
          models,
          udpEntryPoints,
          defaultRuleSyntax,
        ),
      );
    } catch (error) {
      this.options.logger.error(
        "The new configuration could not be applied, the last one goes on",
        { error: messageOf(error) },
      );
    }
  }
}
