import { z } from "zod";
import { REFUSED } from "../../src/config/canonical.ts";
import { type Shape, shapeOf } from "../../src/config/shape.ts";
import { supportOf } from "../../src/config/support.ts";

type Node = z.core.JSONSchema._JSONSchema & object;

/** What Traefik's reader, and Sluice's, takes for a key besides what it is meant to be. */
const TAKEN: Readonly<Record<Exclude<Shape["kind"], "other">, Node["type"][]>> = {
  boolean: ["boolean", "string", "null"],
  string: ["string", "number", "boolean", "null"],
  number: ["number", "string", "null"],
  integer: ["integer", "string", "null"],
  // A section can be switched by true and false.
  object: ["object", "boolean", "string", "null"],
  record: ["object", "boolean", "string", "null"],
  // One text stands for a list, and a section for a list of one, or with indexes as its keys.
  array: ["array", "object", "string", "number", "boolean", "null"],
};

export interface EditorSchemaOptions {
  readonly id: string;
  readonly title: string;
}

/**
 * The JSON Schema of what a user writes: every file that `sluice check` accepts passes it. Keys that
 * Sluice refuses are there, so that an editor says why, and take no value.
 */
export function editorSchema(schema: z.ZodType, { id, title }: EditorSchemaOptions): object {
  const generated = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      lenient(shapeOf(zodSchema as unknown as z.ZodType), jsonSchema as Node);
    },
  }) as Record<string, unknown>;
  const { $schema, ...rest } = generated;
  // Unknown sections at the top are a warning: one file may be both configurations.
  return { $schema, $id: id, title, ...rest, type: ["object", "null"], additionalProperties: true };
}

function lenient(shape: Shape, node: Node): void {
  if (shape.kind === "other") {
    if (Array.isArray(node.anyOf) && !node.anyOf.some((one) => (one as Node).type === "null"))
      node.anyOf.push({ type: "null" });
    return;
  }
  // Traefik's reader takes 64-bit integers, which JSON Schema has no narrower word for.
  if (shape.kind === "integer") for (const key of Object.keys(node)) delete node[key];
  if (shape.kind === "boolean") delete node.const;
  if (shape.kind === "object" && node.properties !== undefined) {
    for (const [name, key] of Object.entries(shape.keys))
      node.properties[name] = marked(key, node.properties[name]);
    // Keys come in any case; completion offers the documentation's.
    delete node.required;
    node.patternProperties = { [inAnyCase(Object.keys(shape.keys))]: {} };
  }
  node.type = TAKEN[shape.kind] as Node["type"];
}

/** A pattern for these words, however they are spelled. */
function inAnyCase(words: readonly string[]): string {
  const either = (word: string) =>
    word.replace(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`);
  return `^(?:${words.map(either).join("|")})$`;
}

type Property = z.core.JSONSchema._JSONSchema;

function marked(key: z.ZodType, property: Property): Property {
  const mark = supportOf(key);
  if (mark === undefined || typeof property === "boolean") return property;
  const { support, note } = mark;
  switch (support) {
    case "refused":
      return { description: note === "" ? REFUSED : `${REFUSED} (${note})`, not: {} };
    case "ours":
      return { ...property, description: `Sluice's own: ${note}` };
    default:
      return { ...property, description: note };
  }
}
