import type { z } from "zod";
import { messageOf } from "../../core/errors.ts";
import { compileHttpRule, HTTP_MATCHERS } from "../../rules/http-matchers.ts";
import { parseRule } from "../../rules/parser.ts";
import { compileTcpRule, TCP_MATCHERS } from "../../rules/tcp-matchers.ts";
import { isExtension, reservedName, unknownKey } from "../canonical.ts";
import { shapeOf } from "../shape.ts";
import {
  type ConfigDocument,
  type ConfigIssue,
  type ConfigNotice,
  formatIssue,
} from "../sources/document.ts";
import { staticSchema } from "../static/schema.ts";
import { validate } from "../validate.ts";
import {
  type DisabledDynamicElement,
  type DynamicConfiguration,
  ELEMENTS,
  type ElementKind,
} from "./schema.ts";
import { tlsCertificateSchema } from "./tls.ts";

type Plane = keyof typeof ELEMENTS;

const RULES: Partial<Record<Plane, (rule: string) => unknown>> = {
  http: (rule) => compileHttpRule(parseRule(rule, HTTP_MATCHERS)),
  tcp: (rule) => compileTcpRule(parseRule(rule, TCP_MATCHERS)),
};

const STATIC_SECTIONS = staticSections();

function staticSections(): ReadonlySet<string> {
  const shape = shapeOf(staticSchema);
  return new Set(
    shape.kind === "object" ? Object.keys(shape.keys).map((key) => key.toLowerCase()) : [],
  );
}

const PLANES = Object.keys(ELEMENTS) as Plane[];

/** What an element of a section is called. */
export const KINDS: Readonly<Record<Plane, Readonly<Record<string, ElementKind>>>> = {
  http: {
    routers: "router",
    services: "service",
    middlewares: "middleware",
    serversTransports: "serversTransport",
  },
  tcp: {
    routers: "tcpRouter",
    services: "tcpService",
    middlewares: "tcpMiddleware",
    serversTransports: "tcpServersTransport",
  },
  udp: { routers: "udpRouter", services: "udpService" },
  tls: { options: "tlsOptions", stores: "tlsStore" },
};

/** The one section that is a list: `tls.certificates`. */
const CERTIFICATES = "certificates";

/** A dynamic configuration that has been looked through; plain data. */
export interface ValidatedDynamic {
  readonly configuration: DynamicConfiguration;
  /** What belongs to no element. */
  readonly issues: readonly ConfigIssue[];
  readonly disabled: readonly DisabledDynamicElement[];
  readonly notices: readonly ConfigNotice[];
}

/**
 * Validates a dynamic configuration element by element: one with an error is disabled, with its
 * errors, and never blocks the rest. What belongs to no element, such as an unknown section, is in
 * `issues`.
 */
export function validateDynamic(document: ConfigDocument): ValidatedDynamic {
  return new DynamicValidator(document).validate();
}

/** Elements of a configuration that are validated before schemas are compiled for the others. */
const FEW = 100;

class DynamicValidator {
  private readonly document: ConfigDocument;
  private readonly issues: ConfigIssue[] = [];
  private readonly disabled: DisabledDynamicElement[] = [];
  private readonly notices: ConfigNotice[] = [];
  private count = 0;
  private readonly planes: Partial<Record<Plane, Record<string, unknown>>> = { http: {} };

  constructor(document: ConfigDocument) {
    this.document = document;
  }

  validate(): ValidatedDynamic {
    for (const [key, value] of this.entriesOf(this.document.value, [])) {
      const plane = PLANES.find((name) => name === key.toLowerCase());
      if (plane !== undefined) this.plane(plane, key, value);
      else if (!isExtension(key)) this.unknownSection(key);
    }
    return {
      configuration: this.planes as DynamicConfiguration,
      issues: this.issues,
      disabled: this.disabled,
      notices: this.notices,
    };
  }

  /** One file may be both configurations: static sections in one that has providers are in their place. */
  private unknownSection(key: string): void {
    const message = unknownKey(key, PLANES);
    if (this.document.ignoresUnknownSections !== true) this.complain([key], message);
    else if (!STATIC_SECTIONS.has(key.toLowerCase())) this.warn([key], `${message}; it is ignored`);
    else if (!this.isStaticToo)
      this.warn([key], "belongs into the static configuration, ignored here");
  }

  private get isStaticToo(): boolean {
    const keys = Object.keys(this.document.value as object);
    return keys.some((key) => key.toLowerCase() === "providers");
  }

  private plane(plane: Plane, key: string, value: unknown): void {
    const known = Object.keys(ELEMENTS[plane]);
    if (plane === "tls") known.push(CERTIFICATES);
    for (const [sectionKey, elements] of this.entriesOf(value, [key])) {
      const section = known.find((name) => name.toLowerCase() === sectionKey.toLowerCase());
      if (section === undefined) this.complain([key, sectionKey], unknownKey(sectionKey, known));
      else if (section === CERTIFICATES) this.certificates([key, sectionKey], elements);
      else this.section(plane, section, [key, sectionKey], elements);
    }
  }

  private section(plane: Plane, section: string, at: readonly string[], elements: unknown): void {
    const schemas: Readonly<Record<string, z.ZodType>> = ELEMENTS[plane];
    const sections = (this.planes[plane] ??= {});
    const valid = Object.entries((sections[section] ?? {}) as Record<string, unknown>);
    for (const [name, raw] of this.entriesOf(elements, at)) {
      const path = [plane, section, name];
      if (name === "__proto__") {
        this.complain(path, reservedName(name));
        continue;
      }
      const result = validate(schemas[section], raw, this.document, path, this.count++ > FEW);
      this.notices.push(...result.notices);
      if (result.issues.length === 0) valid.push([name, result.value]);
      else {
        const issues = [...result.issues, ...this.ruleIssues(plane, section, path, raw)];
        this.disable(KINDS[plane][section], name, issues);
      }
    }
    sections[section] = Object.fromEntries(valid);
  }

  /** What else is wrong with a router that is left out for another mistake; the others' rules are compiled. */
  private ruleIssues(plane: Plane, section: string, path: readonly string[], raw: unknown) {
    const check = RULES[plane];
    if (check === undefined || section !== "routers") return [];
    const entries = this.entriesOf(raw, path);
    // A rule in another syntax is judged when it is translated.
    if (entries.some(([key, value]) => key.toLowerCase() === "rulesyntax" && value === "v2"))
      return [];
    for (const [key, value] of entries) {
      if (key.toLowerCase() !== "rule" || typeof value !== "string" || value === "") continue;
      try {
        check(value);
      } catch (error) {
        const at = [...path, "rule"];
        return [{ path: at, where: this.document.locate(at), message: messageOf(error) }];
      }
    }
    return [];
  }

  private certificates(at: readonly string[], elements: unknown): void {
    if (elements === null || elements === undefined) return;
    // TOML's `[tls.certificates]` is written for `[[tls.certificates]]`.
    const list = typeof elements === "object" && !Array.isArray(elements) ? [elements] : elements;
    if (!Array.isArray(list)) {
      this.complain(at, `expected a list, found ${JSON.stringify(elements)}`);
      return;
    }
    const valid = ((this.planes.tls ??= {})[CERTIFICATES] ??= []) as unknown[];
    list.forEach((raw, index) => {
      const path = ["tls", CERTIFICATES, String(index)];
      const result = validate(tlsCertificateSchema, raw, this.document, path);
      if (result.issues.length === 0) valid.push(result.value);
      else this.disable("tlsCertificate", String(index), result.issues);
    });
  }

  private disable(kind: ElementKind, name: string, issues: readonly ConfigIssue[]): void {
    this.disabled.push({ kind, name, errors: issues.map(formatIssue) });
  }

  private complain(path: readonly string[], message: string): void {
    this.issues.push({ path, where: this.document.locate(path), message });
  }

  private warn(path: readonly string[], message: string): void {
    this.notices.push({ level: "warn", path, where: this.document.locate(path), message });
  }

  /** The entries of a section that have a value; anything but a section is a mistake. */
  private entriesOf(value: unknown, path: readonly string[]): [string, unknown][] {
    if (value === null || value === undefined) return [];
    if (typeof value === "object" && !Array.isArray(value))
      return Object.entries(value).filter(([, child]) => child !== null && child !== undefined);
    const found = Array.isArray(value) ? "a list" : JSON.stringify(value);
    this.complain(path, `expected a section with keys, found ${found}`);
    return [];
  }
}
