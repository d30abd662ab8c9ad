/** Keys of sources that are text alone: flags and environment variables. */

/** Sections and texts. Without a prototype, since names come from outside. */
export interface TextSection {
  [key: string]: TextSection | string;
}

/** A section with nothing in it. */
export function textSection(): TextSection {
  return Object.create(null) as TextSection;
}

/** Parts of `a.b[0].c`. Names before an index hold a list. */
export function splitKey(key: string, separator = "."): string[] {
  return key.split(separator).flatMap((part) => {
    const match = /^([^[\]]+)((?:\[\d+\])*)$/.exec(part);
    if (match === null) return [part];
    return [match[1], ...Array.from(match[2].matchAll(/\[(\d+)\]/g), ([, index]) => index)];
  });
}

/**
 * Puts a text at a path, making sections on the way; keys are taken in any case, the first spelling
 * stays. A second text at the same place replaces the first, or with `append` is added to its list.
 * A section that was switched on (`--ping`) and has keys too (`--ping.entryPoint=web`) has its keys;
 * switched off, it stays off.
 */
export function setAt(
  root: TextSection,
  path: readonly string[],
  value: string,
  append = false,
): void {
  let at = root;
  for (let i = 0; i < path.length; i++) {
    const key = sameKey(at, path[i]);
    const existing = at[key];
    if (i === path.length - 1) {
      const section = typeof existing === "object";
      if (append && typeof existing === "string") at[key] = `${existing},${value}`;
      else if (!section || value.toLowerCase() === "false") at[key] = value;
      return;
    }
    if (typeof existing === "string" && existing.toLowerCase() === "false") return;
    if (typeof existing !== "object") at[key] = textSection();
    at = at[key] as TextSection;
  }
}

function sameKey(at: TextSection, key: string): string {
  if (key in at) return key;
  const lower = key.toLowerCase();
  return Object.keys(at).find((known) => known.toLowerCase() === lower) ?? key;
}

/** The name that set what is at `path`, above it or below it; `names` by path, joined by dots in lower case. */
export function nearestName(
  names: ReadonlyMap<string, string>,
  path: readonly (string | number)[],
  otherwise: string,
): string {
  const keyOf = (steps: readonly (string | number)[]) => steps.join(".").toLowerCase();
  for (let length = path.length; length > 0; length--) {
    const name = names.get(keyOf(path.slice(0, length)));
    if (name !== undefined) return name;
  }
  const wanted = keyOf(path);
  for (const [key, name] of names) if (key.startsWith(`${wanted}.`)) return name;
  return otherwise;
}
