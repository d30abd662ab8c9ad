import { z } from "zod";

/** How Sluice treats a key of Traefik's. */
export type Support =
  /** Does what Traefik's documentation says. */
  | "implemented"
  /** Taken and without effect, because there is nothing to do. */
  | "accepted"
  /** Known, and refused by name. */
  | "refused"
  /** Not Traefik's: our own addition. */
  | "ours";

export interface SupportMark {
  readonly support: Support;
  /** Why, or what instead. */
  readonly note: string;
  /** That it has no effect is said whenever it is there. */
  readonly warns?: boolean;
  /** Another name of Traefik's for the key of this name, with a warning. */
  readonly becomes?: string;
  /** Whether the key can have that value; one that it can't have is said and left to the default. */
  readonly takes?: (value: string) => boolean;
}

const marks = new WeakMap<z.ZodType, SupportMark>();

/** The mark that a key's schema carries; those without one are implemented. */
export function supportOf(schema: z.ZodType): SupportMark | undefined {
  return marks.get(schema);
}

function mark<T extends z.ZodType>(
  schema: T,
  support: Support,
  note: string,
  more: Omit<SupportMark, "support" | "note"> = {},
): T {
  marks.set(schema, { support, note, ...more });
  return schema;
}

/**
 * A key that Traefik has and Sluice refuses, with everything below it. What is below can come as a
 * function: a start that meets no such key then doesn't make it.
 */
export function refused<T extends z.ZodType>(schema: T | (() => T), note = ""): z.ZodOptional<T> {
  // Its value never gets to the validation, which would make the schema to look at it.
  const key = mark(z.unknown().optional(), "refused", note);
  below.set(key, schema);
  return key as unknown as z.ZodOptional<T>;
}

const below = new WeakMap<z.ZodType, z.ZodType | (() => z.ZodType)>();

/** The schema that `refused` was given for a key; undefined for keys of other kinds. */
export function refusedSchemaOf(key: z.ZodType): z.ZodType | undefined {
  const schema = below.get(key);
  return typeof schema === "function" ? schema() : schema;
}

/** A key whose absence of effect is right. */
export function accepted<T extends z.ZodType>(schema: T, note: string): z.ZodOptional<T> {
  return mark(schema.optional(), "accepted", note) as z.ZodOptional<T>;
}

/** A key that Traefik takes with a warning and without effect, and so do we. */
export function ignored<T extends z.ZodType>(schema: T, note: string): z.ZodOptional<T> {
  return mark(schema.optional(), "accepted", note, { warns: true }) as z.ZodOptional<T>;
}

/** An old name of another key. It is never in what a schema reads: the other is. */
export function renamed<T extends z.ZodType>(schema: T, key: string): z.ZodOptional<T> {
  const note = `deprecated in Traefik: use ${key}`;
  return mark(schema.optional(), "implemented", note, { becomes: key }) as z.ZodOptional<T>;
}

/** A key with a default that stands in for values it can't have; those are said as an error. */
export function fallingBack<T extends z.ZodType>(
  schema: T,
  takes: (value: string) => boolean,
  note: string,
): T {
  return mark(schema, "implemented", note, { takes });
}

/** A key that does what Traefik's does, but for what the note says. */
export function limited<T extends z.ZodType>(schema: T, note: string): z.ZodOptional<T> {
  return mark(schema.optional(), "implemented", note) as z.ZodOptional<T>;
}

/** A key that Sluice has beyond Traefik. */
export function ours<T extends z.ZodType>(schema: T, note: string): z.ZodOptional<T> {
  return mark(schema.optional(), "ours", note) as z.ZodOptional<T>;
}
