import type { StaticConfiguration } from "../config/static/schema.ts";
import type { Logger } from "../core/logger.ts";
import type { Runtime, Stop } from "../net/runtime.ts";
import type { ProviderConfiguration } from "../snapshot/provider-configuration.ts";

/** A source of dynamic configuration. */
export interface Provider {
  readonly name: string;
  /** It asks others over the network: the start doesn't wait long for its first answer. */
  readonly remote?: boolean;
  /**
   * Emits what there is before it resolves, and again after each change. What can't be read is
   * logged and not emitted, so that the last good configuration stays. Rejects where the provider
   * can't be had now: it is started again later.
   */
  start(emit: (configuration: ProviderConfiguration) => void): Promise<Stop>;
  /**
   * "file:line:column" of the key at a path such as `["http", "routers", "x", "rule"]`, or of what is
   * above it in the element; undefined where this provider has no such element.
   */
  locate?(path: readonly string[]): string | undefined;
}

/** What a provider may use besides its configuration. */
export interface ProviderContext {
  readonly runtime: Pick<
    Runtime,
    "cwd" | "env" | "files" | "httpClient" | "inWorker" | "lookup" | "redis" | "zooKeeper"
  >;
  readonly logger: Logger;
  /** False: it reads once. */
  readonly watch: boolean;
}

/**
 * Makes a provider from its part of the static configuration, or several where it names several
 * namespaces. Throws an Error that names the key where it can't.
 */
export type ProviderFactory<K extends keyof StaticConfiguration["providers"]> = (
  configuration: NonNullable<StaticConfiguration["providers"][K]>,
  context: ProviderContext,
) => Provider | readonly Provider[];
