import { type ConfigDocument, ConfigError } from "./document.ts";
import { parseJson } from "./json.ts";
import { parseToml } from "./toml.ts";
import { parseYaml } from "./yaml/parse-yaml.ts";

/** Characters in one file: far above ten thousand routers, far below what would stop the machine. */
const MAX_LENGTH = 64 * 1024 * 1024;

/** Reads a configuration file by its extension. Throws ConfigError. */
export function parseFile(text: string, file: string): ConfigDocument {
  return { ...parseLanguage(text, file), ignoresUnknownSections: true };
}

function parseLanguage(text: string, file: string): ConfigDocument {
  const refuse = (message: string) =>
    new ConfigError([{ path: [], where: `${file}:1:1`, message }]);
  if (text.length > MAX_LENGTH)
    throw refuse(`expected at most ${MAX_LENGTH} characters, found ${text.length}`);
  const extension = /\.([^./]+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
  switch (extension) {
    case "yml":
    case "yaml":
      return parseYaml(text, file);
    case "toml":
      return parseToml(text, file);
    case "json":
      return parseJson(text, file);
    default:
      throw refuse(`expected a .yml, .yaml, .toml or .json file, found ".${extension}"`);
  }
}
