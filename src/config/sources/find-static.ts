import type { Runtime } from "../../net/runtime.ts";
import { staticSchema } from "../static/schema.ts";
import { decodeText } from "./decode-text.ts";
import { type ConfigDocument, ConfigError } from "./document.ts";
import { parseEnvironment } from "./environment.ts";
import { parseFlags } from "./flags.ts";
import { parseFile } from "./parse-file.ts";

type Finder = Pick<Runtime, "files" | "env" | "cwd">;

/**
 * Finds the static configuration as Traefik does: a file (`--configFile`, TRAEFIK_CONFIGFILE, or
 * traefik.{toml,yaml,yml} in the usual places), else flags, else the environment; one excludes the
 * others. Undefined where there is none. Throws ConfigError where it can't be read.
 */
export async function findStatic(
  runtime: Finder,
  args: readonly string[],
): Promise<ConfigDocument | undefined> {
  const { configFile, rest } = takeConfigFile(args);
  const named = configFile ?? runtime.env["TRAEFIK_CONFIGFILE"];
  if (named !== undefined && named !== "") {
    if (rest.length > 0) throw exclusive(rest);
    return readFile(runtime, named);
  }
  for (const path of candidates(runtime)) {
    if ((await runtime.files.info(path))?.isFile) {
      if (rest.length > 0) throw exclusive(rest, path);
      return readFile(runtime, path);
    }
  }
  return rest.length > 0
    ? parseFlags(rest, staticSchema)
    : parseEnvironment(runtime.env, staticSchema);
}

function exclusive(rest: readonly string[], file = "a configuration file"): ConfigError {
  return new ConfigError([
    {
      path: [],
      where: "flags",
      message: `${file} and flags exclude each other, found both: ${rest.join(" ")}`,
    },
  ]);
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

async function readFile(runtime: Finder, path: string): Promise<ConfigDocument> {
  let bytes: Uint8Array;
  try {
    bytes = await runtime.files.read(path);
  } catch (error) {
    throw new ConfigError([
      { path: [], where: path, message: `cannot be read: ${(error as Error).message}` },
    ]);
  }
  return parseFile(decodeText(bytes, path), path);
}
