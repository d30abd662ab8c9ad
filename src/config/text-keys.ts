/** Keys of sources that are text alone: flags and environment variables. */

/** Parts of `a.b[0].c`. Names before an index hold a list. */
export function splitKey(key: string): (string | number)[] {
  return key.split(".").flatMap((part) => {
    const match = /^([^[\]]+)((?:\[\d+\])*)$/.exec(part);
    if (match === null) return [part];
    return [match[1], ...[...match[2].matchAll(/\[(\d+)\]/g)].map(([, index]) => Number(index))];
  });
}

/** Puts a text at a path, making sections on the way; a second text at the same place makes a list. Keys are taken in any case. */
export function setAt(
  root: Record<string, unknown>,
  path: readonly (string | number)[],
  value: string,
): void {
  let at = root;
  for (let i = 0; i < path.length; i++) {
    const key = sameKey(at, String(path[i]));
    const existing = at[key];
    if (i === path.length - 1) {
      if (typeof existing === "string") at[key] = `${existing},${value}`;
      // `--ping --ping.entryPoint=x`: the section is there already, or comes later.
      else if (existing === undefined) at[key] = value;
      return;
    }
    if (typeof existing !== "object" || existing === null) at[key] = {};
    at = at[key] as Record<string, unknown>;
  }
}

function sameKey(at: Record<string, unknown>, key: string): string {
  const lower = key.toLowerCase();
  return Object.keys(at).find((known) => known.toLowerCase() === lower) ?? key;
}

/** Sections whose keys are all indexes become lists. */
export function withLists(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, child]) => [key, withLists(child)] as const);
  if (entries.length > 0 && entries.every(([key]) => /^\d+$/.test(key))) {
    return entries.sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => child);
  }
  return Object.fromEntries(entries);
}
