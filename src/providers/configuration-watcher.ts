import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { sameData } from "../core/same-data.ts";
import type { Stop } from "../net/runtime.ts";
import { aggregate, type EntryPointModel } from "../snapshot/aggregate.ts";
import type { ProviderConfiguration } from "../snapshot/provider-configuration.ts";
import type { Snapshot } from "../snapshot/snapshot.ts";
import type { Provider } from "./provider.ts";

export interface ConfigurationWatcherOptions {
  readonly providers: readonly Provider[];
  readonly models: readonly EntryPointModel[];
  readonly udpEntryPoints?: readonly string[];
  /** Traefik's providersThrottleDuration: at least so long between two snapshots. Milliseconds. */
  readonly throttle: number;
  readonly logger: Logger;
  /** Puts a snapshot to work. Resolves when it serves, rejects where it can't: the last one then goes on. */
  readonly apply: (snapshot: Snapshot) => Promise<void>;
}

/**
 * Collects what providers emit and applies the newest state, one snapshot at a time. The first is
 * applied at once; a storm of changes becomes one snapshot for each throttle period.
 */
export class ConfigurationWatcher {
  private readonly options: ConfigurationWatcherOptions;
  private readonly current = new Map<string, ProviderConfiguration>();
  private readonly stops: Stop[] = [];
  private version = 0;
  private dirty = false;
  private applying = false;
  private started = false;
  private stopped = false;
  private appliedAt = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ConfigurationWatcherOptions) {
    this.options = options;
  }

  /** Resolves when what the providers had to begin with is serving. */
  async start(): Promise<void> {
    for (const provider of this.options.providers) {
      this.stops.push(await provider.start((configuration) => this.receive(configuration)));
    }
    this.started = true;
    await this.applyNow();
  }

  /** Nothing is applied any more, but for what is being applied now. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    for (const stop of this.stops) stop();
  }

  /** Applies what there is once more: something that it refers to has changed. */
  applyAgain(): void {
    this.dirty = true;
    if (this.started) this.schedule();
  }

  private receive(configuration: ProviderConfiguration): void {
    const { provider } = configuration;
    const before = this.current.get(provider);
    if (before !== undefined && sameData(before, configuration)) return;
    if (before !== undefined && isEmpty(configuration)) {
      this.options.logger.info("Skipping an empty configuration", { providerName: provider });
      return;
    }
    this.current.set(provider, configuration);
    this.dirty = true;
    if (this.started) this.schedule();
  }

  private schedule(): void {
    if (this.timer !== undefined || this.applying || this.stopped) return;
    const wait = Math.max(0, this.appliedAt + this.options.throttle - performance.now());
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.applyNow();
    }, wait);
  }

  private async applyNow(): Promise<void> {
    if (!this.dirty && this.version > 0) return;
    this.dirty = false;
    this.applying = true;
    const sources = [...this.current.values()];
    const { models, udpEntryPoints } = this.options;
    try {
      await this.options.apply(aggregate(++this.version, sources, models, udpEntryPoints));
    } catch (error) {
      this.options.logger.error(
        "The new configuration could not be applied, the last one goes on",
        {
          error: messageOf(error),
        },
      );
    } finally {
      this.applying = false;
      this.appliedAt = performance.now();
      if (this.dirty) this.schedule();
    }
  }
}

function isEmpty({ configuration, disabled }: ProviderConfiguration): boolean {
  return (
    disabled.length === 0 &&
    Object.values(configuration).every((plane) =>
      Object.values(plane ?? {}).every((section) => Object.keys(section ?? {}).length === 0),
    )
  );
}
