import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  visit,
  type YAMLMap,
} from "yaml";
import { type ConfigDocument, ConfigError, type ConfigIssue, type KeyPath } from "./document.ts";

/** How many aliases a document may expand to: enough for shared blocks, too few for a bomb. */
const MAX_ALIASES = 1000;

/**
 * Reads a YAML 1.2 document (JSON included), with merge keys as Traefik's parser has them. Throws
 * ConfigError with file, line and column on syntax errors, duplicate keys and more than one document.
 * Integers that a double can't hold become bigints.
 */
export function parseYaml(text: string, file: string): ConfigDocument {
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    intAsBigInt: true,
    // The library's own check compares every key with every other.
    uniqueKeys: false,
  });
  if (!Array.isArray(documents) || documents.length === 0)
    return { source: file, value: {}, locate: () => `${file}:1:1` };
  const [document] = documents;
  const issues: ConfigIssue[] = document.errors.map((error) => ({
    path: [],
    where: at(error.pos[0]),
    message: error.message,
  }));
  if (documents.length > 1) {
    issues.push({
      path: [],
      where: at(documents[1].range[0]),
      message: "expected one YAML document, found another",
    });
  }
  const root = document.contents as Node | null;
  if (issues.length === 0) {
    visit(document, {
      Map(_, node) {
        const seen = new Set<unknown>();
        for (const { key } of node.items) {
          const name = isScalar(key) ? String(key.value) : undefined;
          if (name !== undefined && name !== "<<" && seen.has(name)) {
            issues.push({
              path: [],
              where: at((key as Node).range![0]),
              message: `the key "${name}" is there twice`,
            });
          }
          seen.add(name);
        }
      },
    });
  }
  if (issues.length > 0) throw new ConfigError(issues);
  let value: unknown;
  try {
    value = plain(document.toJS({ maxAliasCount: MAX_ALIASES }));
  } catch (error) {
    throw new ConfigError([{ path: [], where: `${file}:1:1`, message: (error as Error).message }]);
  }
  const places = new WeakMap<YAMLMap, Places>();
  return {
    source: file,
    value: value ?? {},
    locate: (path) => at(offsetOf(root, path, places)),
  };
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
