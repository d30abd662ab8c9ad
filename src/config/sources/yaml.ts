import {
  type Alias,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type YAMLMap,
} from "yaml";
import { messageOf } from "../../core/errors.ts";
import { type ConfigDocument, ConfigError, type ConfigIssue, type KeyPath } from "./document.ts";

/** Values that aliases and merges may add: a hundred in each of 20,000 places, too few for a bomb. */
const MAX_ADDED = 2_000_000;

/**
 * Reads a YAML 1.2 document (JSON included), with merge keys as Traefik's parser has them. Throws
 * ConfigError with file, line and column on syntax errors, duplicate keys, aliases that lead nowhere
 * or round in circles, merges of what is no section, values that JSON doesn't have (dates, sets) and
 * more than one document. Integers that a double can't hold become bigints.
 */
export function parseYaml(text: string, file: string): ConfigDocument {
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const refuse = (error: unknown) =>
    new ConfigError([{ path: [], where: `${file}:1:1`, message: messageOf(error) }]);
  let documents: ReturnType<typeof parseAllDocuments>;
  try {
    documents = parseAllDocuments(text, {
      lineCounter: lines,
      prettyErrors: false,
      merge: true,
      intAsBigInt: true,
      // The library's own check compares every key with every other.
      uniqueKeys: false,
    });
  } catch (error) {
    throw refuse(error);
  }
  if (!Array.isArray(documents) || documents.length === 0)
    return { source: file, value: {}, locate: () => `${file}:1:1` };
  const [document, second] = documents;
  const issues: ConfigIssue[] = [];
  const complain = (offset: number, message: string) =>
    issues.push({ path: [], where: at(offset), message });
  for (const error of document.errors) complain(error.pos[0], error.message);
  if (second !== undefined)
    complain(second.range?.[0] ?? 0, "expected one YAML document, found another");
  const root = document.contents as Node | null;
  if (issues.length === 0) new Check(complain).node(root);
  if (issues.length > 0) throw new ConfigError(issues);
  let value: unknown;
  try {
    value = // Aliases are counted already, before anything is built.
      value = plain(document.toJS({ maxAliasCount: -1 }));
  } catch (error) {
    throw refuse(error);
  }
  const places = new WeakMap<YAMLMap, Places>();
  return {
    source: file,
    value: value ?? {},
    locate: (path) => at(offsetOf(root, path, places)),
  };
}

type Complain = (offset: number, message: string) => void;

/** Tags of YAML 1.1 whose values are no plain data. */
const FOREIGN_TAG = /^tag:yaml\.org,2002:(binary|omap|pairs|set|timestamp)$/;

/** What the library leaves to us, or says without a place: keys, aliases, merges, kinds of values. */
class Check {
  private readonly complain: Complain;
  private readonly anchors = new Map<string, Node>();
  /** Values in what has an anchor, its aliases expanded. */
  private readonly sizes = new Map<Node, number>();
  /** What we are in the middle of. */
  private readonly above = new Set<Node>();
  /** Values so far, aliases expanded, and how many of them aliases have added. */
  private size = 0;
  private added = 0;

  constructor(complain: Complain) {
    this.complain = complain;
  }

  node(node: unknown): void {
    if (isAlias(node)) this.alias(node);
    if (isAlias(node) || !isNode(node)) return;
    if (node.anchor !== undefined) this.anchors.set(node.anchor, node);
    const before = this.size++;
    if (FOREIGN_TAG.test(node.tag ?? "") || (isScalar(node) && isForeign(node.value)))
      this.complain(offsetAt(node), "expected plain text here, without a tag, dates in quotes");
    this.above.add(node);
    if (isMap(node)) {
      this.keys(node);
      for (const { value } of node.items) this.node(value);
    } else if (isSeq(node)) {
      for (const item of node.items) this.node(item);
    }
    this.above.delete(node);
    if (node.anchor !== undefined) this.sizes.set(node, this.size - before);
  }

  private alias(alias: Alias): void {
    const target = this.anchors.get(alias.source);
    const offset = offsetAt(alias);
    if (target === undefined) {
      this.complain(offset, `there is no anchor "${alias.source}" above`);
    } else if (this.above.has(target)) {
      this.complain(offset, `the alias "${alias.source}" refers to what it is a part of`);
    } else {
      const size = this.sizes.get(target) ?? 0;
      const most = `expected aliases to add at most ${MAX_ADDED} values, found more`;
      if (this.added <= MAX_ADDED && this.added + size > MAX_ADDED) this.complain(offset, most);
      this.added += size;
      this.size += size;
    }
  }

  private keys(map: YAMLMap): void {
    const seen = new Set<string>();
    for (const { key, value } of map.items) {
      const offset = offsetAt(key, map);
      if (!isScalar(key)) {
        this.complain(offset, "expected a name as the key, found something else");
        continue;
      }
      const merge = typeof key.value === "symbol";
      const name = merge ? "<<" : String(key.value);
      if (seen.has(name)) this.complain(offset, `the key "${name}" is there twice`);
      seen.add(name);
      if (merge && !this.canMerge(value))
        this.complain(offsetAt(value, key), "expected a section to merge, or a list of sections");
    }
  }

  /** An alias that leads nowhere is somebody else's complaint. */
  private canMerge(value: unknown): boolean {
    const section = (node: unknown) => {
      const target = isAlias(node) ? this.anchors.get(node.source) : node;
      return isMap(target) || (isAlias(node) && target === undefined);
    };
    return isSeq(value) ? value.items.every(section) : section(value);
  }
}

function isForeign(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function offsetAt(...nodes: unknown[]): number {
  return nodes.map((node) => (node as Node | null)?.range?.[0]).find(Number.isInteger) ?? 0;
}

/** Where the key at a path stands, or the nearest thing above it that is there. */
function offsetOf(root: Node | null, path: KeyPath, places: WeakMap<YAMLMap, Places>): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = pairOf(node, String(step), places);
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(step)] as Node | undefined;
      if (item === undefined) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else {
      // A scalar, or an alias: what is below it stands somewhere else.
      break;
    }
  }
  return offset;
}

type Places = ReadonlyMap<string, Pair>;

/** The pair of a name as written, or else in another case. */
function pairOf(map: YAMLMap, name: string, places: WeakMap<YAMLMap, Places>): Pair | undefined {
  let pairs = places.get(map);
  if (pairs === undefined) {
    const found = new Map<string, Pair>();
    for (const pair of map.items) {
      if (isScalar(pair.key)) found.set(String(pair.key.value), pair);
    }
    for (const [key, pair] of [...found]) {
      const lower = key.toLowerCase();
      if (!found.has(lower)) found.set(lower, pair);
    }
    pairs = found;
    places.set(map, pairs);
  }
  return pairs.get(name) ?? pairs.get(name.toLowerCase());
}

/** Integers back to numbers where a number holds them exactly. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = plain(value[i]);
  } else if (typeof value === "object" && value !== null) {
    const record = value as Record<string, unknown>;
    for (const key of Object.keys(record)) record[key] = plain(record[key]);
  }
  return value;
}
