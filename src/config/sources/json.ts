import { messageOf } from "../../core/errors.ts";
import { type ConfigDocument, ConfigError } from "./document.ts";
import { parseYaml } from "./yaml/parse-yaml.ts";

/**
 * Reads strict JSON, without duplicate keys. Positions come from the YAML reader, whose language JSON
 * is a part of. Throws ConfigError with file, line and column.
 */
export function parseJson(text: string, file: string): ConfigDocument {
  // A byte order mark is no JSON, and no reason to refuse a file either.
  const json = text.replace(/^\uFEFF/, "");
  try {
    JSON.parse(json);
  } catch (error) {
    const before = json.slice(0, errorOffset(json)).split("\n");
    const where = `${file}:${before.length}:${before[before.length - 1].length + 1}`;
    throw new ConfigError([{ path: [], where, message: messageOf(error) }]);
  }
  // YAML knows no lone carriage return; in JSON it can only be space between tokens.
  return parseYaml(json.replace(/\r(?!\n)/g, " "), file);
}

const TOKEN =
  /[\t\n\r ]*(?:([{}[\],:])|"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null)/y;

/** Where a text stops being JSON: engines don't say it, or each in its own words. */
function errorOffset(text: string): number {
  /** What closes the lists and objects that are open. */
  const open: string[] = [];
  let expected: "value" | "first" | "key" | "colon" | "next" = "value";
  TOKEN.lastIndex = 0;
  for (;;) {
    const start = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    const at = /[^\t\n\r ]|$/g;
    at.lastIndex = start;
    const offset = at.exec(text)!.index;
    if (match === null) return offset;
    const mark = match[1];
    const closes = mark !== undefined && mark === open[open.length - 1];
    if (closes && (expected === "next" || expected === "first")) {
      open.pop();
      expected = "next";
    } else if (expected === "next") {
      if (mark !== "," || open.length === 0) return offset;
      expected = open[open.length - 1] === "}" ? "key" : "value";
    } else if (expected === "colon") {
      if (mark !== ":") return offset;
      expected = "value";
    } else if (expected === "key" || (expected === "first" && open[open.length - 1] === "}")) {
      if (text[offset] !== '"') return offset;
      expected = "colon";
    } else if (mark === "{" || mark === "[") {
      open.push(mark === "{" ? "}" : "]");
      expected = "first";
    } else if (mark === undefined) {
      expected = "next";
    } else {
      return offset;
    }
  }
}
