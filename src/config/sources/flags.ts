import type { z } from "zod";
import { type Shape, shapeOf } from "../shape.ts";
import { type ConfigDocument, ConfigError } from "./document.ts";
import { nearestName, setAt, splitKey, textSection } from "./text-keys.ts";

/**
 * Reads Traefik's flags: `--entryPoints.web.address=:80`, `--ping`, `--log.level DEBUG`,
 * `--list[0].x=y`, names in any case. `schema` says which of them need a value: booleans and
 * sections take one behind "=" alone, all others take the next argument where there is no "=". A name
 * that is given twice adds to a list, or replaces what was there. Throws ConfigError for arguments
 * that are no flags, for flags that lack their value, and for a text (`--log=DEBUG`) where keys
 * (`--log.level=DEBUG`) are given too.
 */
export function parseFlags(args: readonly string[], schema: z.ZodType): ConfigDocument {
  const root = textSection();
  const names = new Map<string, string>();
  const refuse = (message: string) => new ConfigError([{ path: [], where: "flags", message }]);
  for (let i = 0; i < args.length; i++) {
    const match = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(args[i]);
    if (match === null) throw refuse(`expected a flag such as --ping, found "${args[i]}"`);
    const [, name, given] = match;
    const path = splitKey(name);
    if (path.includes(""))
      throw refuse(`expected a flag such as --ping.entryPoint, found "${args[i]}"`);
    const kind = kindAt(schema, path);
    let value = given;
    if (value === undefined) {
      if (kind === "boolean" || kind === "object") {
        value = "true";
      } else if (kind !== undefined) {
        if (++i === args.length) throw refuse(`expected a value behind --${name}, found nothing`);
        value = args[i];
      } else {
        // Unknown, which is said later: whether the next argument is its value can only be guessed.
        value = args[i + 1]?.startsWith("-") === false ? args[++i] : "true";
      }
    }
    if (!setAt(root, path, value, kind === "array"))
      throw refuse(`--${name} and ${nearestName(names, path, "another")} exclude each other`);
    names.set(path.join(".").toLowerCase(), `--${name}`);
  }
  return { source: "flags", value: root, locate: (path) => nearestName(names, path, "flags") };
}

/** What the schema expects at a path; undefined where it knows no such path. */
function kindAt(schema: z.ZodType, path: readonly string[]): Shape["kind"] | undefined {
  let at: z.ZodType | undefined = schema;
  for (const step of path) {
    const shape: Shape = shapeOf(at);
    if (shape.kind === "object") {
      const key = Object.keys(shape.keys).find((key) => key.toLowerCase() === step.toLowerCase());
      at = key === undefined ? undefined : shape.keys[key];
    } else if (shape.kind === "record") {
      at = shape.value;
    } else if (shape.kind === "array" && /^\d+$/.test(step)) {
      at = shape.element;
    } else {
      at = undefined;
    }
    if (at === undefined) return undefined;
  }
  return shapeOf(at).kind;
}
