import type { z } from "zod";
import type { ConfigDocument } from "./document.ts";
import { shapeOf } from "./shape.ts";
import { nearestName, setAt, splitKey, textSection } from "./text-keys.ts";

const PREFIX = "TRAEFIK_";

/**
 * Reads `TRAEFIK_ENTRYPOINTS_WEB_ADDRESS=:80` and the like: "_" separates keys, indexes of lists are
 * `_0_` or `[0]`. Names of the user's own come out in lower case, as in Traefik. As there, variables
 * whose first key isn't in the schema are somebody else's: Kubernetes sets TRAEFIK_SERVICE_HOST where
 * a service is called traefik. Undefined where nothing is set.
 */
export function parseEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  schema: z.ZodType,
): ConfigDocument | undefined {
  const shape = shapeOf(schema);
  const sections = new Set(
    shape.kind === "object" ? Object.keys(shape.keys).map((key) => key.toLowerCase()) : [],
  );
  const root = textSection();
  const names = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith(PREFIX)) continue;
    const path = splitKey(name.slice(PREFIX.length).toLowerCase(), "_").filter(
      (part) => part !== "",
    );
    if (path.length === 0 || !sections.has(path[0])) continue;
    names.set(path.join("."), name);
    setAt(root, path, value);
  }
  if (names.size === 0) return undefined;
  return {
    source: "environment",
    value: root,
    locate: (path) => nearestName(names, path, "environment"),
  };
}
