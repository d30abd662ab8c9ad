import type { z } from "zod";
import { nearest } from "./nearest.ts";
import { DYNAMIC_SECTIONS, REMOVED_SECTIONS } from "./sections.ts";
import { type Shape, shapeOf } from "./shape.ts";
import type { ConfigDocument, ConfigIssue, ConfigNotice, KeyPath } from "./sources/document.ts";
import { scalarFrom } from "./sources/scalar.ts";
import { supportOf } from "./support.ts";

export interface Canonical {
  readonly value: unknown;
  readonly issues: ConfigIssue[];
  readonly notices: ConfigNotice[];
}

export const REFUSED = "known to Traefik, not supported by Sluice yet";

/**
 * Brings raw data into the schema's spelling and types, as Traefik's reader does, whatever the
 * source: keys come in any case, null is as good as absent, a section may be switched by true and
 * false, scalars are taken for what the key wants (`port: 443` where text is wanted, "true" where a
 * boolean is), one text stands for a list ("a,b"), one section for a list of one. Names of the user's
 * own stay as they are. Unknown keys and keys that Sluice refuses are issues and left out, so that what
 * is right beside them is still validated. What counts for nothing is a notice.
 */
export function canonicalise(
  schema: z.ZodType,
  raw: unknown,
  document: ConfigDocument,
  path: KeyPath = [],
): Canonical {
  const issues: ConfigIssue[] = [];
  const notices: ConfigNotice[] = [];
  const value = walk(schema, raw, path, { document, issues, notices });
  return { value: value === undefined && path.length === 0 ? {} : value, issues, notices };
}

/** A key of the user's own at the top of a file, for anchors: Traefik takes any, Sluice those with `x-`. */
export function isExtension(key: string): boolean {
  return key.startsWith("x-");
}

interface Walk {
  readonly document: ConfigDocument;
  readonly issues: ConfigIssue[];
  readonly notices: ConfigNotice[];
}

function walk(schema: z.ZodType, raw: unknown, path: KeyPath, context: Walk): unknown {
  if (raw === null || raw === undefined) return undefined;
  const shape = shapeOf(schema);
  switch (shape.kind) {
    case "object":
      return walkObject(shape, raw, path, context);
    case "record":
      return walkRecord(shape, raw, path, context);
    case "array":
      return walkArray(shape, raw, path, context);
    default:
      return scalarFrom(shape.kind, raw);
  }
}

function walkObject(
  shape: Shape & { kind: "object" },
  raw: unknown,
  path: KeyPath,
  context: Walk,
): unknown {
  const on = switched(raw);
  if (on !== undefined) return on ? {} : undefined;
  if (!isRecord(raw)) return raw;
  const spelling = spellings(shape.keys);
  const result: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(raw)) {
    if (child === null || child === undefined) continue;
    const name = spelling.get(key.toLowerCase());
    const issue = (message: string): ConfigIssue => ({
      path: [...path, name ?? key],
      where: context.document.locate([...path, key]),
      message,
    });
    const complain = (message: string) => context.issues.push(issue(message));
    const notice = (level: ConfigNotice["level"], message: string) =>
      context.notices.push({ ...issue(message), level });
    if (name === undefined) {
      if (path.length === 0 && isExtension(key)) continue;
      const lower = key.toLowerCase();
      const message = unknownKey(key, Object.keys(shape.keys));
      if (path.length > 0 || context.document.ignoresUnknownSections !== true) complain(message);
      else if (REMOVED_SECTIONS.includes(lower)) complain(`Traefik 3 has no "${key}" any more`);
      else if (DYNAMIC_SECTIONS.includes(lower))
        notice("warn", "belongs into a dynamic configuration (providers.file), ignored here");
      else notice("warn", `${message}; it is ignored`);
      continue;
    }
    const schema = shape.keys[name];
    const mark = supportOf(schema);
    const target = mark?.becomes ?? name;
    if (Object.hasOwn(result, target)) {
      complain(
        target === name
          ? `the key "${name}" is there twice, in different spellings`
          : `${name} is an old name of ${target}, and both are there`,
      );
      continue;
    }
    if (mark?.support === "refused") {
      // What is wrong below a refused key doesn't matter; that it is there does.
      const off = shapeOf(schema).kind === "object" && switched(child) === false;
      if (!off) complain(mark.note === "" ? REFUSED : `${REFUSED} (${mark.note})`);
      continue;
    }
    const value = walk(schema, child, [...path, name], context);
    if (value === undefined) continue;
    if (typeof value === "string" && mark?.takes?.(value) === false) {
      notice("error", `unknown value ${JSON.stringify(value)}: ${mark.note}`);
      continue;
    }
    if (mark?.warns === true) notice("warn", `has no effect: ${mark.note}`);
    if (target !== name) notice("warn", mark!.note);
    result[target] = value;
  }
  return result;
}

/** `--ping`, `ping: true` and `ping: false`: whether a section is there. Undefined for anything else. */
function switched(raw: unknown): boolean | undefined {
  if (typeof raw === "boolean") return raw;
  if (typeof raw !== "string") return undefined;
  const word = raw.toLowerCase();
  return word === "" || word === "true" ? true : word === "false" ? false : undefined;
}

function walkRecord(
  shape: Shape & { kind: "record" },
  raw: unknown,
  path: KeyPath,
  context: Walk,
): unknown {
  if (!isRecord(raw)) return raw;
  const result: [string, unknown][] = [];
  for (const [name, child] of Object.entries(raw)) {
    const at = [...path, name];
    if (name === "__proto__") {
      const message = reservedName(name);
      context.issues.push({ path: at, where: context.document.locate(at), message });
      continue;
    }
    const value = walk(shape.value, child, at, context);
    if (value !== undefined) result.push([name, value]);
  }
  return Object.fromEntries(result);
}

function walkArray(
  shape: Shape & { kind: "array" },
  raw: unknown,
  path: KeyPath,
  context: Walk,
): unknown {
  const elements = listFrom(raw) ?? listOfOne(shape.element, raw);
  if (elements === undefined) return raw;
  return elements.map((element, i) => walk(shape.element, element, [...path, i], context));
}

/** A section where sections are listed, as TOML's `[tls.certificates]` is written for `[[tls.certificates]]`. */
function listOfOne(element: z.ZodType, raw: unknown): unknown[] | undefined {
  return isRecord(raw) && shapeOf(element).kind === "object" ? [raw] : undefined;
}

/** A list; the parts of one text; or a section whose keys are all indexes, as flags have them. */
function listFrom(raw: unknown): unknown[] | undefined {
  if (Array.isArray(raw)) return raw;
  if (raw === "") return [];
  if (isRecord(raw)) {
    const keys = Object.keys(raw);
    if (keys.length === 0 || !keys.every((key) => /^\d{1,6}$/.test(key))) return undefined;
    return keys.sort((a, b) => Number(a) - Number(b)).map((key) => raw[key]);
  }
  return String(raw)
    .split(",")
    .map((part) => part.trim());
}

const spellingCache = new WeakMap<object, Map<string, string>>();

function spellings(keys: Record<string, z.ZodType>): Map<string, string> {
  let spelling = spellingCache.get(keys);
  if (spelling === undefined) {
    spelling = new Map(Object.keys(keys).map((key) => [key.toLowerCase(), key]));
    spellingCache.set(keys, spelling);
  }
  return spelling;
}

/** The message for a key that is unknown, with the one that may be meant. */
export function unknownKey(key: string, known: readonly string[]): string {
  const guess = nearest(key, known);
  return `unknown key "${key}"${guess === undefined ? "" : `, did you mean "${guess}"?`}`;
}

/** The message for a name that JavaScript has for itself. */
export function reservedName(name: string): string {
  return `expected another name, found "${name}", which is reserved`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
