import type { DisabledDynamicElement, DynamicConfiguration } from "../config/dynamic/schema.ts";

export interface ConfigurationPart {
  readonly source: string;
  readonly configuration: DynamicConfiguration;
  readonly disabled: readonly DisabledDynamicElement[];
}

type Section = Record<string, unknown>;
const SECTIONS = ["routers", "services", "middlewares", "serversTransports"] as const;

/**
 * Puts the files of one directory together. A name that two files define is the first one's, and
 * the second is said aloud. Source: Traefik's pkg/provider/file/file.go.
 */
export function mergeConfigurations(parts: readonly ConfigurationPart[]): {
  configuration: DynamicConfiguration;
  disabled: DisabledDynamicElement[];
  conflicts: string[];
} {
  const merged: Record<string, Section> = {};
  const conflicts: string[] = [];
  for (const section of SECTIONS) {
    const owners = new Map<string, string>();
    const elements: Section = {};
    for (const part of parts) {
      const own = (part.configuration.http?.[section] ?? {}) as Section;
      for (const [name, element] of Object.entries(own)) {
        const owner = owners.get(name);
        if (owner === undefined) {
          owners.set(name, part.source);
          elements[name] = element;
        } else {
          conflicts.push(
            `http.${section}.${name} is defined in ${owner} and in ${part.source}: the first one is used`,
          );
        }
      }
    }
    merged[section] = elements;
  }
  return {
    configuration: { http: merged } as DynamicConfiguration,
    disabled: parts.flatMap((part) => part.disabled),
    conflicts,
  };
}
