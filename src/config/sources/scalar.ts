/** What a schema wants where it wants no section and no list. */
export type ScalarKind = "boolean" | "number" | "integer" | "string" | "other";

/**
 * A scalar as the type that the key wants. Traefik's reader makes a text of every value and reads
 * that for the field's type, so numbers and texts stand for each other in all sources. What can't be
 * taken comes back as it is, for validation to refuse.
 */
export function scalarFrom(kind: ScalarKind, raw: unknown): unknown {
  if (typeof raw === "object") return raw;
  const text = String(raw);
  switch (kind) {
    case "boolean":
      return typeof raw === "boolean" ? raw : (BOOLEANS.get(text) ?? raw);
    case "number":
      return typeof raw === "string" && /^[-+]?\d+(\.\d+)?$/.test(raw) ? Number(raw) : raw;
    case "integer":
      return typeof raw === "string" && /^[-+]?\d{1,30}$/.test(raw)
        ? BigInt(raw.replace("+", ""))
        : raw;
    case "string":
      return text;
    default:
      return raw;
  }
}

/** Go's strconv.ParseBool. */
const BOOLEANS = new Map([
  ...["1", "t", "T", "TRUE", "true", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "FALSE", "false", "False"].map((word) => [word, false] as const),
]);
