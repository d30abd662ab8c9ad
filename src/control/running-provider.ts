import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import { sameInTurns } from "../core/loop/same-in-turns.ts";
import type { Stop } from "../net/runtime.ts";
import type { Provider } from "../providers/provider.ts";
import type { ProviderConfiguration } from "../snapshot/provider-configuration.ts";

export interface RunningProviderOptions {
  /** Traefik's providersThrottleDuration: at least so long between two configurations. Milliseconds. */
  readonly throttle: number;
  readonly logger: Logger;
  /** The provider has another configuration than before. */
  readonly changed: () => void;
}

/** Before a provider that failed is started again, in milliseconds: Traefik's backoff. */
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 60_000;
const GROWTH = 1.5;

/**
 * A provider, started again and again until it can be had. Its first configuration passes at once;
 * of those that follow within the throttle's period the newest passes at its end.
 */
export class RunningProvider {
  readonly provider: Provider;
  /** What passed last. */
  current: ProviderConfiguration | undefined;
  /** Resolves when the provider has emitted what there is, or can't be had now. */
  readonly begun: Promise<void>;
  private readonly options: RunningProviderOptions;
  private waiting: ProviderConfiguration | undefined;
  private passedAt = Number.NEGATIVE_INFINITY;
  /** The newest is being compared with what passed last. */
  private passing = false;
  private passTimer: ReturnType<typeof setTimeout> | undefined;
  private startTimer: ReturnType<typeof setTimeout> | undefined;
  private pause = FIRST_PAUSE;
  private stopProvider: Stop | undefined;
  private stopped = false;

  /** Starts. */
  constructor(provider: Provider, options: RunningProviderOptions) {
    this.provider = provider;
    this.options = options;
    this.begun = this.start();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.passTimer);
    clearTimeout(this.startTimer);
    this.stopProvider?.();
  }

  private async start(): Promise<void> {
    const { name } = this.provider;
    try {
      const stop = await this.provider.start((configuration) => this.receive(configuration));
      if (this.stopped) stop();
      else this.stopProvider = stop;
    } catch (error) {
      if (this.stopped) return;
      const { pause } = this;
      this.options.logger.error("The provider can't be had now, it is started again", {
        providerName: name,
        error: messageOf(error),
        after: `${Math.round(pause)}ms`,
      });
      this.pause = Math.min(LONGEST_PAUSE, pause * GROWTH);
      this.startTimer = setTimeout(() => void this.start(), pause);
    }
  }

  private receive(configuration: ProviderConfiguration): void {
    if (this.stopped) return;
    this.pause = FIRST_PAUSE;
    this.waiting = configuration;
    this.passWaiting();
  }

  private passWaiting(): void {
    if (this.passTimer !== undefined || this.passing) return;
    const wait = this.passedAt + this.options.throttle - performance.now();
    if (wait <= 0) void this.pass();
    else this.passTimer = setTimeout(() => void this.pass(), wait);
  }

  private async pass(): Promise<void> {
    this.passTimer = undefined;
    this.passing = true;
    const configuration = this.waiting!;
    this.waiting = undefined;
    if (this.current === undefined || !(await sameInTurns(this.current, configuration)))
      this.change(configuration);
    this.passing = false;
    if (this.waiting !== undefined && !this.stopped) this.passWaiting();
  }

  private change(configuration: ProviderConfiguration): void {
    if (this.stopped) return;
    this.passedAt = performance.now();
    this.current = configuration;
    this.options.changed();
  }
}
