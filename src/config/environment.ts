import type { ConfigDocument } from "./document.ts";
import { nearestName } from "./flags.ts";
import { setAt, withLists } from "./text-keys.ts";

const PREFIX = "TRAEFIK_";
/** Says where the file is; not a key. */
const CONFIG_FILE = "TRAEFIK_CONFIGFILE";

/**
 * Reads `TRAEFIK_ENTRYPOINTS_WEB_ADDRESS=:80` and the like: "_" separates keys, in any case, and
 * numbers are indexes of lists. Names of the user's own come out in lower case, as in Traefik.
 * Undefined where no such variable is set.
 */
export function parseEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): ConfigDocument | undefined {
  const root: Record<string, unknown> = {};
  const names = new Map<string, string>();
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || !name.startsWith(PREFIX) || name === CONFIG_FILE) continue;
    const path = name
      .slice(PREFIX.length)
      .toLowerCase()
      .split("_")
      .filter((part) => part !== "");
    if (path.length === 0) continue;
    names.set(path.join("."), name);
    setAt(root, path, value);
  }
  if (names.size === 0) return undefined;
  return {
    source: "environment",
    value: withLists(root),
    locate: (path) => nearestName(names, path, "environment"),
  };
}
