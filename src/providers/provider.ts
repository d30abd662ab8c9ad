import type { DisabledDynamicElement, DynamicConfiguration } from "../config/dynamic/schema.ts";
import type { Stop } from "../net/runtime.ts";

/** What a provider found: a whole dynamic configuration, with unqualified names. */
export interface ProviderConfiguration {
  /** "file", "internal", ... */
  readonly provider: string;
  readonly configuration: DynamicConfiguration;
  /** Elements that were left out of `configuration`, because of the errors in them. */
  readonly disabled: readonly DisabledDynamicElement[];
  /** By the path of each module that services name: another text whenever the file has another content. */
  readonly moduleVersions?: Readonly<Record<string, string>>;
}

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
