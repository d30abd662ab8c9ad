/**
 * The groups of files that import each other in a circle, each sorted, the largest first. A file
 * is in one group at most: a group has every circle that goes through any of its files.
 */
export function cycleGroups(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const groups: string[][] = [];
  const order = new Map<string, number>();
  /** The earliest file that each file leads back to, as far as it is known. */
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();

  // Tarjan's algorithm for strongly connected components.
  const visit = (file: string): number => {
    const own = order.size;
    order.set(file, own);
    let low = own;
    open.push(file);
    isOpen.add(file);
    for (const next of graph.get(file) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (isOpen.has(next)) low = Math.min(low, order.get(next)!);
    }
    lowest.set(file, low);
    if (low !== own) return low;
    const group = open.splice(open.indexOf(file));
    for (const member of group) isOpen.delete(member);
    const importsItself = graph.get(file)?.includes(file) === true;
    if (group.length > 1 || importsItself) groups.push(group.sort());
    return low;
  };

  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return groups.sort((a, b) => b.length - a.length || a[0].localeCompare(b[0]));
}
