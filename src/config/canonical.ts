import type { z } from "zod";
import type { ConfigDocument, ConfigIssue, KeyPath } from "./document.ts";
import { nearest } from "./nearest.ts";
import { type Shape, shapeOf, takesNumbers } from "./shape.ts";
import { supportOf } from "./support.ts";

export interface CanonicalOptions {
  /** Values come as text (flags, environment): "true", "42" and "a,b" are taken for what the key wants. */
  readonly textual: boolean;
}

export interface Canonical {
  readonly value: unknown;
  readonly issues: ConfigIssue[];
}

export const REFUSED = "known to Traefik, not supported by Sluice yet";

/**
 * Brings raw data into the schema's spelling: keys in any case become the schema's (as Traefik
 * reads them), names of the user's own stay as they are. Unknown keys and keys that Sluice refuses
 * are issues and left out, so that what is right beside them is still validated.
 */
export function canonicalise(
  schema: z.ZodType,
  raw: unknown,
  document: ConfigDocument,
  options: CanonicalOptions,
  path: KeyPath = [],
): Canonical {
  const issues: ConfigIssue[] = [];
  const value = walk(schema, raw, path, { document, options, issues });
  return { value, issues };
}

interface Walk {
  readonly document: ConfigDocument;
  readonly options: CanonicalOptions;
  readonly issues: ConfigIssue[];
}

function walk(schema: z.ZodType, raw: unknown, path: KeyPath, context: Walk): unknown {
  const shape = shapeOf(schema);
  switch (shape.kind) {
    case "object":
      return walkObject(shape, raw, path, context);
    case "record":
      if (raw === null) return undefined;
      if (!isRecord(raw)) return raw;
      return Object.fromEntries(
        Object.entries(raw).map(([name, child]) => [
          name,
          walk(shape.value, child, [...path, name], context),
        ]),
      );
    case "array":
      return walkArray(shape, raw, path, context);
    default:
      if (raw === null) return undefined;
      return context.options.textual && typeof raw === "string"
        ? fromText(schema, shape, raw)
        : raw;
  }
}

function walkObject(
  shape: Shape & { kind: "object" },
  raw: unknown,
  path: KeyPath,
  context: Walk,
): unknown {
  // `ping:` with nothing behind it is an empty section; on the command line `--ping` or `--ping=true`.
  const empty = raw === null || (context.options.textual && (raw === "true" || raw === ""));
  if (empty) return {};
  if (!isRecord(raw)) return raw;
  const spelling = spellings(shape.keys);
  const result: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(raw)) {
    const name = spelling.get(key.toLowerCase());
    const at = [...path, name ?? key];
    const complain = (message: string) =>
      context.issues.push({ path: at, where: context.document.locate([...path, key]), message });
    if (name === undefined) {
      const guess = nearest(key, Object.keys(shape.keys));
      complain(`unknown key "${key}"${guess === undefined ? "" : `, did you mean "${guess}"?`}`);
      continue;
    }
    if (Object.hasOwn(result, name)) {
      complain(`the key "${name}" is there twice, in different spellings`);
      continue;
    }
    const mark = supportOf(shape.keys[name]);
    if (mark?.support === "refused") {
      // What is wrong below a refused key doesn't matter; that it is there does.
      complain(mark.note === "" ? REFUSED : `${REFUSED} (${mark.note})`);
      continue;
    }
    const value = walk(shape.keys[name], child, at, context);
    if (value !== undefined) result[name] = value;
  }
  return result;
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

function walkArray(
  shape: Shape & { kind: "array" },
  raw: unknown,
  path: KeyPath,
  context: Walk,
): unknown {
  if (raw === null) return undefined;
  const { textual } = context.options;
  let elements: unknown = raw;
  if (textual && typeof raw === "string")
    elements = raw === "" ? [] : raw.split(",").map((part) => part.trim());
  if (!Array.isArray(elements)) return raw;
  return elements.map((element, i) => walk(shape.element, element, [...path, i], context));
}

function fromText(schema: z.ZodType, shape: Shape, text: string): unknown {
  if (shape.kind === "boolean") {
    if (text === "" || text.toLowerCase() === "true" || text === "1") return true;
    if (text.toLowerCase() === "false" || text === "0") return false;
  }
  if (shape.kind === "number" && /^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (takesNumbers(schema) && /^-?\d+$/.test(text)) return BigInt(text);
  return text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
