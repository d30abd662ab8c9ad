import type { Runtime } from "../net/runtime.ts";
import { ConfigError } from "./document.ts";
import { findStatic } from "./find-static.ts";
import { parseFile } from "./parse-file.ts";
import { entryPointSchema } from "./static/entry-points.ts";
import { type StaticConfiguration, staticSchema } from "./static/schema.ts";
import { validate } from "./validate.ts";

export interface LoadedStatic {
  readonly configuration: StaticConfiguration;
  /** A file's path, "flags" or "environment". */
  readonly source: string;
}

/**
 * The static configuration, found and validated; the shipped one where there is no other. Throws
 * ConfigError with everything that is wrong.
 */
export async function loadStatic(
  runtime: Pick<Runtime, "files" | "env" | "cwd">,
  args: readonly string[],
  shipped: { readonly file: string; readonly text: string },
): Promise<LoadedStatic> {
  const { document, textual } = (await findStatic(runtime, args)) ?? {
    document: parseFile(shipped.text, shipped.file),
    textual: false,
  };
  const { value, issues } = validate(staticSchema, document.value, document, { textual });
  if (value === undefined || issues.length > 0) throw new ConfigError(issues);
  return { configuration: withTraefikEntryPoint(value), source: document.source };
}

/** Where ping asks for the entrypoint "traefik" and nobody defines it, it is there, on :8080, as in Traefik. */
function withTraefikEntryPoint(configuration: StaticConfiguration): StaticConfiguration {
  const { ping, entryPoints } = configuration;
  if (ping === undefined || ping.entryPoint !== "traefik" || Object.hasOwn(entryPoints, "traefik"))
    return configuration;
  return {
    ...configuration,
    entryPoints: { ...entryPoints, traefik: entryPointSchema.parse({ address: ":8080" }) },
  };
}
