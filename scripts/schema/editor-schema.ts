import { z } from "zod";
import { REFUSED } from "../../src/config/canonical.ts";
import { shapeOf } from "../../src/config/shape.ts";
import { supportOf } from "../../src/config/support.ts";

/**
 * The JSON Schema of what a user writes. Keys that Sluice refuses are there, so that an editor says
 * why, and take no value.
 */
export function editorSchema(schema: z.ZodType, title: string): object {
  const generated = z.toJSONSchema(schema, {
    io: "input",
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const shape = shapeOf(zodSchema as unknown as z.ZodType);
      if (shape.kind === "object" && jsonSchema.properties !== undefined) {
        for (const [name, key] of Object.entries(shape.keys))
          jsonSchema.properties[name] = marked(key, jsonSchema.properties[name]);
      }
      // Traefik's reader takes 64-bit integers, which JSON Schema has no narrower word for.
      if (shape.kind === "integer") {
        for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
        jsonSchema.type = "integer";
      }
    },
  }) as Record<string, unknown>;
  const { $schema, ...rest } = generated;
  // A file's own keys, for anchors.
  return { $schema, title, ...rest, patternProperties: { "^x-": {} } };
}

type Property = Exclude<z.core.JSONSchema._JSONSchema, boolean> | boolean;

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
