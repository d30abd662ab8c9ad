import { messageOf } from "../core/errors.ts";
import type { ConfigDocument } from "./document.ts";
import { ConfigError } from "./document.ts";
import { parseYaml } from "./yaml.ts";

/** Reads strict JSON. Positions come from the YAML reader, whose language JSON is a part of. */
export function parseJson(text: string, file: string): ConfigDocument {
  try {
    JSON.parse(text);
  } catch (error) {
    throw new ConfigError([
      { path: [], where: `${file}:${placeOf(text, error)}`, message: messageOf(error) },
    ]);
  }
  return parseYaml(text, file);
}

/** Engines say "position 17" or nothing; line 1 is better than no line. */
function placeOf(text: string, error: unknown): string {
  const position = /position (\d+)/.exec(messageOf(error))?.[1];
  if (position === undefined) return "1:1";
  const before = text.slice(0, Number(position)).split("\n");
  return `${before.length}:${before[before.length - 1].length + 1}`;
}
