import { isExtension, REFUSED, reservedName, unknownKey } from "../canonical.ts";
import { type ConfigDocument, type ConfigIssue, formatIssue } from "../document.ts";
import { validate } from "../validate.ts";
import { type DisabledDynamicElement, type DynamicConfiguration, HTTP_ELEMENTS } from "./schema.ts";

const KINDS = {
  routers: "router",
  services: "service",
  middlewares: "middleware",
  serversTransports: "serversTransport",
} as const;

type Section = keyof typeof HTTP_ELEMENTS;

const SECTIONS = Object.keys(HTTP_ELEMENTS) as Section[];
const PLANES = ["http", "tcp", "udp", "tls"];

/** A dynamic configuration that has been looked through; plain data. */
export interface ValidatedDynamic {
  readonly configuration: DynamicConfiguration;
  /** What belongs to no element. */
  readonly issues: readonly ConfigIssue[];
  readonly disabled: readonly DisabledDynamicElement[];
}

type Complain = (path: readonly string[], message: string) => void;

/**
 * Validates a dynamic configuration element by element: one with an error is disabled, with its
 * errors, and never blocks the rest. What belongs to no element is in `issues`: unknown sections,
 * and the sections that Sluice doesn't serve yet.
 */
export function validateDynamic(document: ConfigDocument): ValidatedDynamic {
  const issues: ConfigIssue[] = [];
  const disabled: DisabledDynamicElement[] = [];
  const http: Partial<Record<Section, Record<string, unknown>>> = {};
  const complain: Complain = (path, message) =>
    issues.push({ path, where: document.locate(path), message });

  for (const [key, value] of entriesOf(document.value, [], complain)) {
    const plane = PLANES.find((name) => name === key.toLowerCase());
    if (plane === undefined) {
      if (!isExtension(key)) complain([key], unknownKey(key, PLANES));
      continue;
    }
    if (plane !== "http") {
      if (!isEmpty(value)) complain([plane], REFUSED);
      continue;
    }
    for (const [sectionKey, elements] of entriesOf(value, [key], complain)) {
      const section = SECTIONS.find((name) => name.toLowerCase() === sectionKey.toLowerCase());
      if (section === undefined) {
        complain([key, sectionKey], unknownKey(sectionKey, SECTIONS));
        continue;
      }
      const entries = entriesOf(elements, [key, sectionKey], complain);
      const valid = Object.entries(http[section] ?? {});
      for (const [name, raw] of entries) {
        const path = ["http", section, name];
        if (name === "__proto__") {
          complain(path, reservedName(name));
          continue;
        }
        const result = validate(HTTP_ELEMENTS[section], raw, document, path);
        if (result.issues.length === 0) valid.push([name, result.value]);
        else disabled.push({ kind: KINDS[section], name, errors: result.issues.map(formatIssue) });
      }
      http[section] = Object.fromEntries(valid);
    }
  }
  return { configuration: { http } as DynamicConfiguration, issues, disabled };
}

/** The entries of a section that have a value; anything but a section is a mistake. */
function entriesOf(
  value: unknown,
  path: readonly string[],
  complain: Complain,
): [string, unknown][] {
  if (value === null || value === undefined) return [];
  if (typeof value === "object" && !Array.isArray(value))
    return Object.entries(value).filter(([, child]) => child !== null && child !== undefined);
  complain(
    path,
    `expected a section with keys, found ${Array.isArray(value) ? "a list" : JSON.stringify(value)}`,
  );
  return [];
}

function isEmpty(value: unknown): boolean {
  return value === null || (typeof value === "object" && Object.values(value).every(isEmpty));
}
