import type { z } from "zod";

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
}

const marks = new WeakMap<z.ZodType, SupportMark>();

/** The mark that a key's schema carries; those without one are implemented. */
export function supportOf(schema: z.ZodType): SupportMark | undefined {
  return marks.get(schema);
}

function mark<T extends z.ZodType>(schema: T, support: Support, note: string): T {
  marks.set(schema, { support, note });
  return schema;
}

/** A key that Traefik has and Sluice refuses, with everything below it. */
export function refused<T extends z.ZodType>(schema: T, note = ""): z.ZodOptional<T> {
  return mark(schema.optional(), "refused", note) as z.ZodOptional<T>;
}

/** A key whose absence of effect is right. */
export function accepted<T extends z.ZodType>(schema: T, note: string): z.ZodOptional<T> {
  return mark(schema.optional(), "accepted", note) as z.ZodOptional<T>;
}

/** A key that does what Traefik's does, but for what the note says. */
export function limited<T extends z.ZodType>(schema: T, note: string): z.ZodOptional<T> {
  return mark(schema.optional(), "implemented", note) as z.ZodOptional<T>;
}

/** A key that Sluice has beyond Traefik. */
export function ours<T extends z.ZodType>(schema: T, note: string): z.ZodOptional<T> {
  return mark(schema.optional(), "ours", note) as z.ZodOptional<T>;
}
