import { z } from "zod";
import type { ScalarKind } from "./sources/scalar.ts";
import { refusedSchemaOf } from "./support.ts";

/** What a schema expects at one place, wrappers taken off. */
export type Shape =
  | { kind: "object"; keys: Record<string, z.ZodType> }
  | { kind: "record"; value: z.ZodType }
  | { kind: "array"; element: z.ZodType }
  | { kind: ScalarKind };

const cache = new WeakMap<z.ZodType, Shape>();

/** Takes optional, default and the like off, and looks what is below. */
export function shapeOf(schema: z.ZodType): Shape {
  let shape = cache.get(schema);
  if (shape === undefined) {
    shape = look(unwrap(refusedSchemaOf(schema) ?? schema));
    cache.set(schema, shape);
  }
  return shape;
}

function look(inner: z.ZodType): Shape {
  if (inner instanceof z.ZodObject)
    return { kind: "object", keys: inner.shape as Record<string, z.ZodType> };
  if (inner instanceof z.ZodRecord) return { kind: "record", value: inner.valueType as z.ZodType };
  if (inner instanceof z.ZodArray) return { kind: "array", element: inner.element as z.ZodType };
  if (inner instanceof z.ZodBoolean) return { kind: "boolean" };
  if (inner instanceof z.ZodLiteral && typeof [...inner.values][0] === "boolean")
    return { kind: "boolean" };
  if (inner instanceof z.ZodNumber) return { kind: "number" };
  if (inner instanceof z.ZodString) return { kind: "string" };
  if (inner instanceof z.ZodUnion) {
    // Priorities: numbers, or exact where a number isn't.
    const options = inner.options as z.ZodType[];
    if (options.some((option) => option instanceof z.ZodBigInt)) return { kind: "integer" };
  }
  return { kind: "other" };
}

function unwrap(schema: z.ZodType): z.ZodType {
  let inner: z.ZodType = schema;
  for (;;) {
    if (
      inner instanceof z.ZodOptional ||
      inner instanceof z.ZodDefault ||
      inner instanceof z.ZodPrefault ||
      inner instanceof z.ZodNullable
    ) {
      inner = inner.unwrap() as z.ZodType;
    } else if (inner instanceof z.ZodPipe) {
      inner = inner.in as z.ZodType;
    } else {
      return inner;
    }
  }
}
