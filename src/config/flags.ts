import { type ConfigDocument, ConfigError, type KeyPath } from "./document.ts";
import { setAt, splitKey, withLists } from "./text-keys.ts";

/**
 * Reads Traefik's flags: `--entryPoints.web.address=:80`, `--ping`, `--a.b value`, `--list[0].x=y`,
 * a name in any case. A name that is given twice adds to a list. Throws ConfigError for arguments
 * that are no flags.
 */
export function parseFlags(args: readonly string[]): ConfigDocument {
  const root: Record<string, unknown> = {};
  const names = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    const match = /^--?([A-Za-z][^=\s]*)(?:=([\s\S]*))?$/.exec(arg);
    if (match === null) {
      throw new ConfigError([
        { path: [], where: "flags", message: `expected a flag such as --ping, found "${arg}"` },
      ]);
    }
    const [, name, given] = match;
    let value = given;
    if (value === undefined && args[i + 1] !== undefined && !args[i + 1].startsWith("-"))
      value = args[++i];
    const path = splitKey(name);
    names.set(keyOf(path), `--${name}`);
    setAt(root, path, value ?? "true");
  }
  return {
    source: "flags",
    value: withLists(root),
    locate: (path) => nearestName(names, path, "flags"),
  };
}

const keyOf = (path: KeyPath) => path.join(".").toLowerCase();

/** The flag that set what is at `path`, above it or below it. */
export function nearestName(
  names: ReadonlyMap<string, string>,
  path: KeyPath,
  otherwise: string,
): string {
  const wanted = keyOf(path);
  for (let length = path.length; length > 0; length--) {
    const name = names.get(keyOf(path.slice(0, length)));
    if (name !== undefined) return name;
  }
  for (const [key, name] of names) if (key.startsWith(`${wanted}.`)) return name;
  return otherwise;
}
