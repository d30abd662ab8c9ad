/** Source files directly in one folder; more than that and a reader can't see what belongs together. */
const LIMIT = 15;

/** The folders with more source files than the limit, by what they have. */
export function crowdedFolders(paths: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const path of paths) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return new Map([...counts].filter(([, count]) => count > LIMIT));
}
