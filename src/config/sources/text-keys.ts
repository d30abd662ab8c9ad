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
 * switched off, it stays off. False where a place would have both keys and a text that is no switch.
 */
export function setAt(
  root: TextSection,
  path: readonly string[],
  value: string,
  append = false,
): boolean {
  let at = root;
  for (const step of path.slice(0, -1)) {
    const key = sameKey(at, step);
    const existing = at[key];
    if (typeof existing === "string") {
      if (existing.toLowerCase() === "false") return true;
      if (!isSwitch(existing)) return false;
    }
    if (typeof existing !== "object") at[key] = textSection();
    at = at[key] as TextSection;
  }
  const key = sameKey(at, path[path.length - 1]);
  const existing = at[key];
  if (typeof existing === "object") {
    if (value.toLowerCase() === "false") at[key] = value;
    return isSwitch(value);
  }
  at[key] = append && existing !== undefined ? `${existing},${value}` : value;
  return true;
}

/** What `--ping` alone stands for, and its opposite. */
function isSwitch(text: string): boolean {
  return /^(true|false|)$/i.test(text);
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
