import type { z } from "zod";
import { canonicalise } from "./canonical.ts";
import type { ConfigDocument, ConfigIssue, ConfigNotice, KeyPath } from "./sources/document.ts";

export interface Validated<T> {
  /** Undefined where it can't be used. */
  readonly value: T | undefined;
  /** All that is wrong. */
  readonly issues: readonly ConfigIssue[];
  readonly notices: readonly ConfigNotice[];
}

/**
 * Canonicalises and validates the part of a document at `path`. `often` says that there is much more
 * of the kind: then Zod compiles the schema, which takes longer than a hundred validations without.
 */
export function validate<S extends z.ZodType>(
  schema: S,
  raw: unknown,
  document: ConfigDocument,
  path: KeyPath = [],
  often = false,
): Validated<z.output<S>> {
  const { value, issues, notices } = canonicalise(schema, raw, document, path);
  const result = schema.safeParse(value, { error: messageOf, jitless: !often });
  if (result.success) return { value: result.data, issues, notices };
  for (const { path: below, message } of result.error.issues) {
    const at = [...path, ...(below as KeyPath)];
    issues.push({ path: at, where: document.locate(at), message });
  }
  return { value: undefined, issues, notices };
}

/** Zod's own findings in our words: what was expected, what was found. Schemas' own messages stay. */
function messageOf(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined
        ? `expected ${nounOf(issue.expected)}, found nothing`
        : `expected ${nounOf(issue.expected)}, found ${show(issue.input)}`;
    case "invalid_union":
      return `expected another kind of value, found ${show(issue.input)}`;
    case "too_small":
      return `expected at least ${issue.minimum}, found ${show(issue.input)}`;
    case "too_big":
      return `expected at most ${issue.maximum}, found ${show(issue.input)}`;
    default:
      return undefined;
  }
}

const NOUNS: Record<string, string> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a section with keys",
  record: "a section with keys",
};

function nounOf(type: string): string {
  return NOUNS[type] ?? type;
}

function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a section with keys";
  return String(value);
}
