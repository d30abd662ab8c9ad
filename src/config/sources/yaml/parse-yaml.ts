import { type ConfigDocument, ConfigError, type ConfigIssue } from "../document.ts";
import { YamlBuilder } from "./builder.ts";
import { YamlSyntaxError, yamlEvents } from "./events.ts";
import { indentFlow } from "./flow-indentation.ts";
import { YamlPlaces } from "./places.ts";
import type { YamlSource } from "./source.ts";

/**
 * Reads a YAML 1.2 document (JSON included), with merge keys as Traefik's parser has them. Throws
 * ConfigError with file, line and column on syntax errors, duplicate keys, aliases that lead nowhere
 * or round in circles, merges of what is no section, values that JSON doesn't have (sets, binary) and
 * more than one document. Integers that a double can't hold become bigints.
 */
export function parseYaml(text: string, file: string): ConfigDocument {
  const source = readSource(text, file);
  let made: YamlPlaces | undefined;
  const places = () => (made ??= new YamlPlaces(source));
  const issues: ConfigIssue[] = [];
  const value = new YamlBuilder(source.text, source.events, (offset, message) =>
    issues.push({ path: [], where: `${file}:${places().at(offset)}`, message }),
  ).document();
  if (issues.length > 0) throw new ConfigError(issues);
  return {
    source: file,
    value: value ?? {},
    locate: (path) => `${file}:${places().of(path)}`,
  };
}

const same = (offset: number) => offset;

function readSource(text: string, file: string): YamlSource {
  try {
    return { text, events: yamlEvents(text), written: text, original: same };
  } catch (error) {
    if (!(error instanceof YamlSyntaxError)) throw error;
    const again = error.isIndentation ? readIndented(text) : undefined;
    if (again !== undefined) return again;
    const places = new YamlPlaces({ text, events: [], written: text, original: same });
    const where = `${file}:${places.at(error.offset)}`;
    throw new ConfigError([{ path: [], where, message: error.message }]);
  }
}

/** Undefined where more indentation doesn't help. */
function readIndented(written: string): YamlSource | undefined {
  const indented = indentFlow(written);
  if (indented === undefined) return undefined;
  try {
    return { ...indented, events: yamlEvents(indented.text), written };
  } catch (error) {
    if (error instanceof YamlSyntaxError) return undefined;
    throw error;
  }
}
