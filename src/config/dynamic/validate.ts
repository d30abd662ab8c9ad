import { REFUSED } from "../canonical.ts";
import { type ConfigDocument, type ConfigIssue, formatIssue } from "../document.ts";
import { nearest } from "../nearest.ts";
import { validate } from "../validate.ts";
import { type DisabledDynamicElement, type DynamicConfiguration, HTTP_ELEMENTS } from "./schema.ts";

const KINDS = {
  routers: "router",
  services: "service",
  middlewares: "middleware",
  serversTransports: "serversTransport",
} as const;

/**
 * Validates a dynamic configuration element by element: one with an error is disabled, with its
 * errors, and never blocks the rest. What belongs to no element is in `issues`: unknown sections,
 * and the sections that Sluice doesn't serve yet.
 */
export function validateDynamic(document: ConfigDocument): {
  configuration: DynamicConfiguration;
  issues: ConfigIssue[];
  disabled: DisabledDynamicElement[];
} {
  const issues: ConfigIssue[] = [];
  const disabled: DisabledDynamicElement[] = [];
  const http: Record<string, Record<string, unknown>> = {};
  const complain = (path: readonly string[], message: string) =>
    issues.push({ path, where: document.locate(path), message });

  for (const [key, value] of sectionsOf(document.value, [], complain)) {
    const name = key.toLowerCase();
    if (name === "tcp" || name === "udp" || name === "tls") {
      if (!isEmpty(value)) complain([name], REFUSED);
      continue;
    }
    if (name !== "http") {
      unknown([], key, ["http", "tcp", "udp", "tls"], complain);
      continue;
    }
    for (const [sectionKey, elements] of sectionsOf(value, [key], complain)) {
      const section = SECTIONS.find(
        (candidate) => candidate.toLowerCase() === sectionKey.toLowerCase(),
      );
      if (section === undefined) {
        unknown([key], sectionKey, SECTIONS, complain);
        continue;
      }
      http[section] = {};
      for (const [element, raw] of sectionsOf(elements, [key, sectionKey], complain)) {
        const path = ["http", section, element];
        const result = validate(HTTP_ELEMENTS[section], raw, document, { textual: false }, path);
        if (result.issues.length === 0) http[section][element] = result.value;
        else
          disabled.push({
            kind: KINDS[section],
            name: element,
            errors: result.issues.map(formatIssue),
          });
      }
    }
  }
  return { configuration: { http } as DynamicConfiguration, issues, disabled };
}

const SECTIONS = Object.keys(HTTP_ELEMENTS) as (keyof typeof HTTP_ELEMENTS)[];

type Complain = (path: readonly string[], message: string) => void;

/** The entries of a section; an empty one has none, and anything else is a mistake. */
function sectionsOf(
  value: unknown,
  path: readonly string[],
  complain: Complain,
): [string, unknown][] {
  if (value === null || value === undefined) return [];
  if (typeof value === "object" && !Array.isArray(value)) return Object.entries(value);
  complain(path, `expected a section with keys, found ${JSON.stringify(value)}`);
  return [];
}

function unknown(
  path: readonly string[],
  key: string,
  known: readonly string[],
  complain: Complain,
): void {
  const guess = nearest(key, known);
  complain(
    [...path, key],
    `unknown key "${key}"${guess === undefined ? "" : `, did you mean "${guess}"?`}`,
  );
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === "object" && Object.values(value).every(isEmpty));
}
