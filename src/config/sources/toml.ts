import { type AST, ParseError, parseTOML } from "toml-eslint-parser";
import { reservedName } from "../canonical.ts";
import { type ConfigDocument, ConfigError, type KeyPath } from "./document.ts";

/**
 * Reads TOML 1.0. Throws ConfigError with file, line and column. Integers that a double can't hold
 * become bigints; dates and times have no key to go to and are refused.
 */
export function parseToml(text: string, file: string): ConfigDocument {
  const reader = new TomlReader(file);
  try {
    reader.tables(parseTOML(text, { tomlVersion: "1.0" }).body[0]);
  } catch (error) {
    if (error instanceof ParseError)
      throw refusal(file, error.lineNumber, error.column, error.message);
    // The parser goes a call deeper for each list in a list, and doesn't say where it ended.
    if (error instanceof RangeError)
      throw refusal(file, 1, 0, "lists or tables are nested too deeply");
    throw error;
  }
  return {
    source: file,
    value: reader.root,
    locate: (path) => reader.locate(path),
  };
}

function refusal(file: string, line: number, column: number, message: string): ConfigError {
  return new ConfigError([{ path: [], where: `${file}:${line}:${column + 1}`, message }]);
}

type Section = Record<string, unknown>;
type Position = AST.SourceLocation["start"];

/** Without a prototype, since names come from outside: "constructor" is as good as any. */
const section = () => Object.create(null) as Section;

/** Makes plain data of a syntax tree, which the parser has checked, and notes where each key stands. */
class TomlReader {
  readonly root: Section = section();
  private readonly file: string;
  private readonly places = new Map<string, Position>();

  constructor(file: string) {
    this.file = file;
  }

  /** Where the key at a path stands, as written or in another case, or what is above it. */
  locate(path: KeyPath): string {
    for (let length = path.length; length > 0; length--) {
      const key = keyOf(path.slice(0, length));
      const place = this.places.get(key) ?? this.places.get(key.toLowerCase());
      if (place !== undefined) return `${this.file}:${place.line}:${place.column + 1}`;
    }
    return `${this.file}:1:1`;
  }

  tables(top: AST.TOMLTopLevelTable): void {
    for (const child of top.body) {
      if (child.type === "TOMLKeyValue") {
        this.keyValue(child, this.root, []);
        continue;
      }
      let at: unknown = this.root;
      const path: (string | number)[] = [];
      const names = [...child.key.keys];
      for (const [i, step] of child.resolvedKey.entries()) {
        path.push(step);
        const part = typeof step === "string" ? names.shift() : undefined;
        this.note(path, part ?? child);
        const holder = at as Section;
        holder[step] ??= typeof child.resolvedKey[i + 1] === "number" ? [] : section();
        at = holder[step];
      }
      for (const pair of child.body) this.keyValue(pair, at as Section, path);
    }
  }

  private keyValue(pair: AST.TOMLKeyValue, table: Section, path: KeyPath): void {
    let at = table;
    let below = path;
    const { keys } = pair.key;
    for (const [i, key] of keys.entries()) {
      const name = key.type === "TOMLBare" ? key.name : key.value;
      below = [...below, name];
      this.note(below, key);
      if (i < keys.length - 1) {
        at[name] ??= section();
        at = at[name] as Section;
      } else {
        at[name] = this.value(pair.value, below);
      }
    }
  }

  private value(node: AST.TOMLContentNode, path: KeyPath): unknown {
    if (node.type === "TOMLArray") {
      return node.elements.map((element, i) => {
        const below = [...path, i];
        this.note(below, element);
        return this.value(element, below);
      });
    }
    if (node.type === "TOMLInlineTable") {
      const table = section();
      for (const pair of node.body) this.keyValue(pair, table, path);
      return table;
    }
    switch (node.kind) {
      case "integer":
        return Number.isSafeInteger(node.value) ? node.value : node.bigint;
      case "string":
      case "boolean":
      case "float":
        return node.value;
      default: {
        const { line, column } = node.loc.start;
        throw refusal(this.file, line, column, "expected no date or time here: put it in quotes");
      }
    }
  }

  private note(path: KeyPath, node: { readonly loc: AST.SourceLocation }): void {
    const { start } = node.loc;
    const name = path[path.length - 1];
    if (name === "__proto__")
      throw refusal(this.file, start.line, start.column, reservedName(name));
    const key = keyOf(path);
    // As written first; in lower case for who asks in another spelling.
    for (const spelling of [key, key.toLowerCase()]) {
      if (!this.places.has(spelling)) this.places.set(spelling, start);
    }
  }
}

const keyOf = (path: KeyPath) => JSON.stringify(path.map(String));
