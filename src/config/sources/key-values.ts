import type { z } from "zod";
import { dynamicSchema } from "../dynamic/schema.ts";
import { shapeOf } from "../shape.ts";
import { type ConfigDocument, ConfigError } from "./document.ts";
import { nearestName, setAt, type TextSection, textSection } from "./text-keys.ts";

/**
 * Reads the pairs of a key-value store, such as `http/routers/app/rule`; keys are without the root.
 * Parts of a key are taken in any case, parts of digits alone are places in a list. Where keys lie
 * below a key, its own value counts only as a switch ("true", "false"): stores that make folders
 * give them values of their own.
 * Source: Traefik's pkg/config/kv.
 */
export function parseKeyValues(pairs: ReadonlyMap<string, string>, source: string): ConfigDocument {
  const root = textSection();
  const names = new Map<string, string>();
  const keys = [...pairs.keys()].sort();
  const folders = new Set(
    keys.flatMap((key) => Array.from(key.matchAll(/\//g), ({ index }) => key.slice(0, index))),
  );
  for (const key of keys) {
    const path = key.split("/").filter((part) => part !== "");
    const value = pairs.get(key)!;
    if (path.length === 0 || (folders.has(key) && !/^(true|false)$/i.test(value))) continue;
    if (!setAt(root, path, value)) {
      const message = `excludes ${nearestName(names, path, "another key")}`;
      throw new ConfigError([{ path: [], where: `${source}/${key}`, message }]);
    }
    names.set(path.join(".").toLowerCase(), `${source}/${key}`);
  }
  return {
    source,
    value: withLists(dynamicSchema, root),
    locate: (path) => nearestName(names, path, source),
  };
}

/** The tree with lists where the schema wants them. */
function withLists(schema: z.ZodType, value: TextSection | string): unknown {
  const shape = shapeOf(schema);
  if (typeof value === "string") return value;
  if (shape.kind === "array") {
    const keys = Object.keys(value);
    if (!keys.every((key) => /^\d{1,6}$/.test(key))) return value;
    return keys
      .sort((a, b) => Number(a) - Number(b))
      .map((key) => withLists(shape.element, value[key]));
  }
  const below = (key: string): z.ZodType | undefined => {
    if (shape.kind === "record") return shape.value;
    if (shape.kind !== "object") return undefined;
    const known = Object.keys(shape.keys).find((name) => name.toLowerCase() === key.toLowerCase());
    return known === undefined ? undefined : shape.keys[known];
  };
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => {
      const schemaOfChild = below(key);
      return [key, schemaOfChild === undefined ? child : withLists(schemaOfChild, child)];
    }),
  );
}
