import { z } from "zod";
import { shapeOf } from "../../config/shape.ts";
import { goDuration } from "../../core/go-duration.ts";
import { sorted } from "./go-json.ts";

/** Members that Traefik shows whatever their value is: pointers in Go. */
const ALWAYS: ReadonlySet<string> = new Set(["passHostHeader", "weight", "passthrough", "percent"]);

/**
 * A configuration as Traefik's API shows it: members in the schema's order, durations in Go's words,
 * what is empty left out, maps sorted.
 */
export function goValue(schema: z.ZodType, value: unknown): unknown {
  if (isDuration(schema) && typeof value === "number") return goDuration(value);
  const shape = shapeOf(schema);
  if (shape.kind === "array" && Array.isArray(value))
    return value.map((element) => goValue(shape.element, element));
  if (typeof value !== "object" || value === null) return value;
  const members = value as Readonly<Record<string, unknown>>;
  if (shape.kind === "record")
    return sorted(
      Object.fromEntries(
        Object.entries(members).map(([name, member]) => [name, goValue(shape.value, member)]),
      ),
    );
  if (shape.kind !== "object") return value;
  const shown: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(shape.keys)) {
    const own = members[name];
    if (ALWAYS.has(name) ? own !== undefined : !isEmpty(own)) shown[name] = goValue(member, own);
  }
  return shown;
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === "" ||
    value === 0 ||
    value === false ||
    (Array.isArray(value) && value.length === 0)
  );
}

/** Durations are written as a text or a number, and read as milliseconds. */
function isDuration(schema: z.ZodType): boolean {
  let inner: unknown = schema;
  while (
    inner instanceof z.ZodOptional ||
    inner instanceof z.ZodDefault ||
    inner instanceof z.ZodPrefault
  )
    inner = inner.unwrap();
  if (!(inner instanceof z.ZodPipe)) return false;
  const source: unknown = inner.in;
  if (!(source instanceof z.ZodUnion)) return false;
  const options = source.options as readonly unknown[];
  return (
    options.some((option) => option instanceof z.ZodString) &&
    options.some((option) => option instanceof z.ZodNumber)
  );
}
