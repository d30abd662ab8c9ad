import type { Runtime } from "../../net/runtime.ts";
import { staticSchema } from "../static/schema.ts";
import { decodeText } from "./decode-text.ts";
import { type ConfigDocument, ConfigError, type ConfigNotice } from "./document.ts";
import { parseEnvironment } from "./environment.ts";
import { parseFlags } from "./flags.ts";
import { parseFile } from "./parse-file.ts";

type Finder = Pick<Runtime, "files" | "env" | "cwd">;

/**
 * Finds the static configuration as Traefik does: a file (`--configFile`, TRAEFIK_CONFIGFILE, or
 * traefik.{toml,yaml,yml} in the usual places), else flags, else the environment; one excludes the
 * others: flags beside a file are ignored, which is said. Undefined where there is none. Throws
 * ConfigError where it can't be read.
 */
export async function findStatic(
  runtime: Finder,
  args: readonly string[],
): Promise<ConfigDocument | undefined> {
  const { configFile, rest } = takeConfigFile(args);
  const named = configFile ?? runtime.env["TRAEFIK_CONFIGFILE"];
  if (named !== undefined && named !== "") {
    return readFile(runtime, named, rest);
  }
  for (const path of candidates(runtime)) {
    if ((await runtime.files.info(path))?.isFile) {
      return readFile(runtime, path, rest);
    }
  }
  return rest.length > 0
    ? parseFlags(rest, staticSchema)
    : parseEnvironment(runtime.env, staticSchema);
}

function ignoredFlags(file: string, flags: readonly string[]): ConfigNotice[] {
  if (flags.length === 0) return [];
  const message = `the configuration is the file ${file}, these flags are ignored: ${flags.join(" ")}`;
  return [{ level: "warn", path: [], where: "flags", message }];
}

function takeConfigFile(args: readonly string[]): {
  configFile: string | undefined;
  rest: string[];
} {
  const rest: string[] = [];
  let configFile: string | undefined;
  for (let i = 0; i < args.length; i++) {
    const match = /^--?configfile(?:=([\s\S]*))?$/i.exec(args[i]);
    if (match === null) rest.push(args[i]);
    else configFile = match[1] ?? args[++i] ?? "";
  }
  return { configFile, rest };
}

/**
 * In the folders of a user's configuration Traefik looks for traefik.yml itself; one in a folder
 * "traefik" there is taken too.
 */
function candidates({ env, cwd }: Finder): string[] {
  const folders = ["/etc/traefik"];
  const { XDG_CONFIG_HOME: xdg, HOME: home } = env;
  if (xdg) folders.push(xdg, `${xdg}/traefik`);
  if (home) folders.push(`${home}/.config`, `${home}/.config/traefik`);
  folders.push(cwd);
  return folders.flatMap((folder) =>
    ["toml", "yaml", "yml"].map((extension) => `${folder}/traefik.${extension}`),
  );
}

async function readFile(
  runtime: Finder,
  path: string,
  flags: readonly string[],
): Promise<ConfigDocument> {
  let bytes: Uint8Array;
  try {
    bytes = await runtime.files.read(path);
  } catch (error) {
    throw new ConfigError([
      { path: [], where: path, message: `cannot be read: ${(error as Error).message}` },
    ]);
  }
  return { ...parseFile(decodeText(bytes, path), path), notices: ignoredFlags(path, flags) };
}
