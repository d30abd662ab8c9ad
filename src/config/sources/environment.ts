import type { z } from "zod";
import { shapeOf } from "../shape.ts";
import { type ConfigDocument, ConfigError } from "./document.ts";
import { nearestName, setAt, splitKey, textSection } from "./text-keys.ts";

const PREFIX = "TRAEFIK_";

/**
 * Reads `TRAEFIK_ENTRYPOINTS_WEB_ADDRESS=:80` and the like: "_" separates keys, indexes of lists are
 * `_0_` or `[0]`. Names of the user's own come out in lower case, as in Traefik. As there, variables
 * that don't begin as a key of the schema's top are other programs': Kubernetes sets
 * TRAEFIK_SERVICE_HOST where a service is called traefik. Undefined where nothing is set. Throws
 * ConfigError where a variable and one for a key below it exclude each other.
 */
export function parseEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  schema: z.ZodType,
): ConfigDocument | undefined {
  const shape = shapeOf(schema);
  const sections =
    shape.kind === "object" ? Object.keys(shape.keys).map((key) => key.toLowerCase()) : [];
  const root = textSection();
  const names = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith(PREFIX)) continue;
    const path = splitKey(name.slice(PREFIX.length).toLowerCase(), "_").filter(
      (part) => part !== "",
    );
    if (!sections.some((section) => path[0]?.startsWith(section))) continue;
    if (!setAt(root, path, value)) {
      const message = `${name} and ${nearestName(names, path, "another")} exclude each other`;
      throw new ConfigError([{ path: [], where: "environment", message }]);
    }
    names.set(path.join("."), name);
  }
  if (names.size === 0) return undefined;
  return {
    source: "environment",
    value: root,
    locate: (path) => nearestName(names, path, "environment"),
  };
}
