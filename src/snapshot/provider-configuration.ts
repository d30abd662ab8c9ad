import type { DisabledDynamicElement, DynamicConfiguration } from "../config/dynamic/schema.ts";

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
