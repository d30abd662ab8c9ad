import type { Stop } from "../net/runtime.ts";
import type { ProviderConfiguration } from "../snapshot/provider-configuration.ts";

/** A source of dynamic configuration. */
export interface Provider {
  readonly name: string;
  /**
   * Emits what there is before it resolves, and again after each change. What can't be read is
   * logged and not emitted, so that the last good configuration stays. Rejects where the provider
   * can't work at all.
   */
  start(emit: (configuration: ProviderConfiguration) => void): Promise<Stop>;
}
