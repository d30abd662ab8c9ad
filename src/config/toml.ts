import { type AST, getStaticTOMLValue, ParseError, parseTOML } from "toml-eslint-parser";
import { type ConfigDocument, ConfigError, type KeyPath } from "./document.ts";

/** Reads TOML 1.0. Throws ConfigError with file, line and column. Dates and times have no key to go to and are refused. */
export function parseToml(text: string, file: string): ConfigDocument {
  let program: AST.TOMLProgram;
  try {
    program = parseTOML(text, { tomlVersion: "1.0" });
  } catch (error) {
    if (!(error instanceof ParseError)) throw error;
    throw new ConfigError([
      {
        path: [],
        where: `${file}:${error.lineNumber}:${error.column + 1}`,
        message: error.message,
      },
    ]);
  }
  const places = new Map<string, string>();
  collect(program.body[0], [], places, file);
  return {
    source: file,
    value: plain(getStaticTOMLValue(program), file),
    locate: (path) => {
      for (let length = path.length; length > 0; length--) {
        const key = keyOf(path.slice(0, length));
        const place = places.get(key) ?? places.get(key.toLowerCase());
        if (place !== undefined) return place;
      }
      return `${file}:1:1`;
    },
  };
}

const keyOf = (path: KeyPath) => JSON.stringify(path.map(String));

type Keyed = AST.TOMLKeyValue | AST.TOMLTable;

function collect(
  node: AST.TOMLTopLevelTable | AST.TOMLTable | AST.TOMLContentNode,
  path: KeyPath,
  places: Map<string, string>,
  file: string,
): void {
  switch (node.type) {
    case "TOMLTopLevelTable":
    case "TOMLTable":
    case "TOMLInlineTable":
      for (const child of node.body as Keyed[]) {
        const at =
          child.type === "TOMLTable" ? [...child.resolvedKey] : note(child.key, path, places, file);
        if (child.type === "TOMLTable") {
          note(child.key, [], places, file);
          place(at, child, places, file);
          collect(child, at, places, file);
        } else {
          collect(child.value, at, places, file);
        }
      }
      break;
    case "TOMLArray":
      for (const [i, element] of node.elements.entries()) {
        place([...path, i], element, places, file);
        collect(element, [...path, i], places, file);
      }
      break;
  }
}

/** Notes each part of a dotted key, and returns the whole path. */
function note(key: AST.TOMLKey, path: KeyPath, places: Map<string, string>, file: string): KeyPath {
  let at = path;
  for (const part of key.keys) {
    at = [...at, part.type === "TOMLBare" ? part.name : part.value];
    place(at, part, places, file);
  }
  return at;
}

function place(
  path: KeyPath,
  node: { loc: AST.SourceLocation },
  places: Map<string, string>,
  file: string,
): void {
  const key = keyOf(path);
  const { line, column } = node.loc.start;
  // As written first; in lower case for who asks in another spelling.
  for (const spelling of [key, key.toLowerCase()]) {
    if (!places.has(spelling)) places.set(spelling, `${file}:${line}:${column + 1}`);
  }
}

function plain(value: unknown, file: string): unknown {
  if (value instanceof Date) {
    throw new ConfigError([
      { path: [], where: file, message: "expected no dates, found one: put it in quotes" },
    ]);
  }
  if (Array.isArray(value)) return value.map((element) => plain(element, file));
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, plain(child, file)]));
}
