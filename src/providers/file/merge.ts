import {
  type DisabledDynamicElement,
  type DynamicConfiguration,
  ELEMENTS,
} from "../../config/dynamic/schema.ts";

export interface ConfigurationPart {
  readonly source: string;
  readonly configuration: DynamicConfiguration;
  readonly disabled: readonly DisabledDynamicElement[];
}

type Section = Record<string, unknown>;

/**
 * Puts the files of one directory together. A name that two files define is the first one's, and
 * the second is said aloud; certificates of all files count. Source: Traefik's
 * pkg/provider/file/file.go.
 */
export function mergeConfigurations(parts: readonly ConfigurationPart[]): {
  configuration: DynamicConfiguration;
  disabled: DisabledDynamicElement[];
  conflicts: string[];
} {
  const merged: Record<string, Record<string, unknown>> = { http: {} };
  const conflicts: string[] = [];
  for (const [plane, sections] of Object.entries(ELEMENTS)) {
    for (const section of Object.keys(sections)) {
      const elements = mergeSection(parts, plane, section, conflicts);
      if (elements !== undefined || plane === "http")
        (merged[plane] ??= {})[section] = elements ?? {};
    }
  }
  const certificates = parts.flatMap((part) => part.configuration.tls?.certificates ?? []);
  if (certificates.length > 0) (merged["tls"] ??= {})["certificates"] = certificates;
  return {
    configuration: merged as DynamicConfiguration,
    disabled: parts.flatMap((part) => part.disabled),
    conflicts,
  };
}

/** Undefined where no file has that section. */
function mergeSection(
  parts: readonly ConfigurationPart[],
  plane: string,
  section: string,
  conflicts: string[],
): Section | undefined {
  const owners = new Map<string, string>();
  let elements: Section | undefined;
  for (const part of parts) {
    const planes = part.configuration as Record<string, Record<string, Section> | undefined>;
    const own = planes[plane]?.[section];
    if (own === undefined) continue;
    elements ??= {};
    for (const [name, element] of Object.entries(own)) {
      const owner = owners.get(name);
      if (owner === undefined) {
        owners.set(name, part.source);
        elements[name] = element;
      } else {
        conflicts.push(
          `${plane}.${section}.${name} is defined in ${owner} and in ${part.source}: the first one is used`,
        );
      }
    }
  }
  return elements;
}
