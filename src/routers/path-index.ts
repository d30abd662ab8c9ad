import type { Exchange } from "../http/exchange.ts";
import type { LazyRequest } from "../http/lazy/lazy-request.ts";
import type { CompiledRoute } from "./compiled-route.ts";
import type { PathLiteral } from "./compiled-rule.ts";
import type { Pause } from "./pause.ts";

/** Below so many routes trying them is cheaper than looking paths up. */
const WORTH_INDEXING = 8;

/**
 * A place in the tree of paths that routes name. `label` leads here from the parent; the children's
 * labels differ in their first character.
 */
class PathNode {
  label: string;
  /** Null for the root. */
  parent: PathNode | null;
  /** Length of the path that ends here. */
  readonly depth: number;
  /** By the first character of their labels. */
  children: Map<number, PathNode> | null = null;
  /** Routes that take any path that leads through here. */
  readonly through: CompiledRoute[] = [];
  /** Routes that take the path that ends here. */
  readonly ending: CompiledRoute[] = [];
  /** The nearest node on the way here that has routes in `through`. */
  above: PathNode | null = null;
  /** The lowest rank in `through`, here and above. */
  lowest = Number.POSITIVE_INFINITY;

  constructor(label: string, parent: PathNode | null) {
    this.label = label;
    this.parent = parent;
    this.depth = (parent?.depth ?? 0) + label.length;
  }

  /** Adds a child, in the place of the one that begins with the same character. */
  addChild(child: PathNode): void {
    child.parent = this;
    this.children ??= new Map();
    this.children.set(child.label.charCodeAt(0), child);
  }
}

/**
 * Routes by the paths that they name, in a radix tree: what a match costs goes with the length of
 * the path and the routes that fit it, and not with the number of routes. Matching allocates nothing.
 */
export class PathIndex {
  private readonly root = new PathNode("", null);
  /** Routes that name no path, or that are too few to look up. */
  private readonly others: CompiledRoute[] = [];
  private lowest = Number.POSITIVE_INFINITY;

  private constructor() {}

  /** `routes` in ascending rank. */
  static async build(routes: readonly CompiledRoute[], pause?: Pause): Promise<PathIndex> {
    const index = new PathIndex();
    if (routes.length > 0) index.lowest = routes[0].rank;
    for (const route of routes) {
      const turn = pause?.breathe();
      if (turn !== undefined) await turn;
      if (route.paths === null || routes.length < WORTH_INDEXING) index.others.push(route);
      else for (const path of route.paths) index.add(path, route);
    }
    index.link();
    return index;
  }

  /** The matching route of the lowest rank, where that is below the rank of `best`. */
  match(
    request: LazyRequest,
    exchange: Exchange,
    best: CompiledRoute | null,
  ): CompiledRoute | null {
    if (best !== null && this.lowest >= best.rank) return best;
    best = firstMatch(this.others, request, exchange, best);
    if (this.root.children === null) return best;
    // Longer paths first: unless priorities say otherwise, they go first.
    const { routingPath } = exchange;
    let node: PathNode | null = this.deepest(routingPath);
    if (node.depth === routingPath.length) {
      best = firstMatch(node.ending, request, exchange, best);
    }
    for (; node !== null; node = node.above) {
      if (best !== null && node.lowest >= best.rank) return best;
      best = firstMatch(node.through, request, exchange, best);
    }
    return best;
  }

  /** The last node that the path leads through. */
  private deepest(path: string): PathNode {
    let node = this.root;
    let at = 0;
    while (at < path.length) {
      const child = node.children?.get(path.charCodeAt(at));
      if (child === undefined || commonLength(child.label, path, at) < child.label.length) break;
      node = child;
      at = child.depth;
    }
    return node;
  }

  private add({ text, whole }: PathLiteral, route: CompiledRoute): void {
    const node = this.nodeFor(text);
    const routes = whole ? node.ending : node.through;
    if (routes.at(-1) !== route) routes.push(route);
  }

  /** The node where the path ends, made where there is none. */
  private nodeFor(path: string): PathNode {
    let node = this.deepest(path);
    const child = node.children?.get(path.charCodeAt(node.depth));
    if (child !== undefined) {
      // The child's label goes further, or elsewhere: a node comes between.
      const common = commonLength(child.label, path, node.depth);
      const between = new PathNode(child.label.slice(0, common), node);
      child.label = child.label.slice(common);
      between.addChild(child);
      node.addChild(between);
      node = between;
    }
    if (node.depth === path.length) return node;
    const leaf = new PathNode(path.slice(node.depth), node);
    node.addChild(leaf);
    return leaf;
  }

  /** Notes in all nodes what is above them. */
  private link(): void {
    const nodes = [this.root];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      const { parent } = node;
      if (parent !== null) {
        node.above = parent.through.length > 0 ? parent : parent.above;
        node.lowest = parent.lowest;
      }
      if (node.through.length > 0) node.lowest = Math.min(node.lowest, node.through[0].rank);
      for (const child of node.children?.values() ?? []) nodes.push(child);
    }
  }
}

/** How many characters of `label` stand at `at` in `path`. */
function commonLength(label: string, path: string, at: number): number {
  let length = 0;
  while (length < label.length && label.charCodeAt(length) === path.charCodeAt(at + length)) {
    length++;
  }
  return length;
}

function firstMatch(
  routes: readonly CompiledRoute[],
  request: LazyRequest,
  exchange: Exchange,
  best: CompiledRoute | null,
): CompiledRoute | null {
  for (let i = 0; i < routes.length; i++) {
    const route = routes[i];
    if (best !== null && route.rank >= best.rank) return best;
    if (route.predicate(request, exchange)) return route;
  }
  return best;
}
