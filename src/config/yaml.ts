import {
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
import { messageOf } from "../core/errors.ts";
import { type ConfigDocument, ConfigError, type ConfigIssue, type KeyPath } from "./document.ts";

/** How many aliases a document may have, those within aliases multiplied: enough for generated files. */
const MAX_ALIASES = 100_000;
/** Values once aliases are expanded: far above ten thousand routers, too few for a bomb. */
const MAX_VALUES = 10_000_000;

/**
 * Reads a YAML 1.2 document (JSON included), with merge keys as Traefik's parser has them. Throws
 * ConfigError with file, line and column on syntax errors, duplicate keys, aliases that lead nowhere
 * or round in circles, and more than one document. Integers that a double can't hold become bigints.
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
  if (issues.length === 0) checkKeysAndAliases(root, new Map(), new Set(), complain);
  if (issues.length > 0) throw new ConfigError(issues);
  let value: unknown;
  try {
    value = plain(document.toJS({ maxAliasCount: MAX_ALIASES }), { left: MAX_VALUES });
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

/** What the library leaves to us: keys that are there twice, aliases that lead nowhere or in circles. */
function checkKeysAndAliases(
  node: unknown,
  anchors: Map<string, Node>,
  above: Set<unknown>,
  complain: Complain,
): void {
  if (isAlias(node)) {
    const target = anchors.get(node.source);
    const offset = node.range?.[0] ?? 0;
    if (target === undefined) complain(offset, `there is no anchor "${node.source}" above`);
    else if (above.has(target))
      complain(offset, `the alias "${node.source}" refers to what it is a part of`);
    return;
  }
  if (!isNode(node)) return;
  if (node.anchor !== undefined) anchors.set(node.anchor, node);
  if (isScalar(node)) return;
  above.add(node);
  if (isMap(node)) {
    checkKeys(node, complain);
    for (const { value } of node.items) checkKeysAndAliases(value, anchors, above, complain);
  } else if (isSeq(node)) {
    for (const item of node.items) checkKeysAndAliases(item, anchors, above, complain);
  }
  above.delete(node);
}

function checkKeys(map: YAMLMap, complain: Complain): void {
  const seen = new Set<string>();
  for (const { key } of map.items) {
    const offset = (key as Node | null)?.range?.[0] ?? map.range?.[0] ?? 0;
    if (!isScalar(key)) {
      complain(offset, "expected a name as the key, found something else");
      continue;
    }
    const name = String(key.value);
    if (seen.has(name) && name !== "<<") complain(offset, `the key "${name}" is there twice`);
    seen.add(name);
  }
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
function plain(value: unknown, budget: { left: number }): unknown {
  if (--budget.left < 0)
    throw new Error(`expected at most ${MAX_VALUES} values with all aliases expanded, found more`);
  if (typeof value === "bigint") {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) value[i] = plain(value[i], budget);
  } else if (typeof value === "object" && value !== null) {
    const record = value as Record<string, unknown>;
    for (const key of Object.keys(record)) record[key] = plain(record[key], budget);
  }
  return value;
}
