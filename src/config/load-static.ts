import type { Runtime } from "../net/runtime.ts";
import { DYNAMIC_SECTIONS } from "./sections.ts";
import { ConfigError, type ConfigIssue, type ConfigNotice } from "./sources/document.ts";
import { findStatic } from "./sources/find-static.ts";
import { parseFile } from "./sources/parse-file.ts";
import { entryPointSchema } from "./static/entry-points.ts";
import { type StaticConfiguration, staticSchema } from "./static/schema.ts";
import { settle } from "./static/settle.ts";
import { validate } from "./validate.ts";

export interface LoadedStatic {
  readonly configuration: StaticConfiguration;
  /** A file's path, "flags" or "environment". */
  readonly source: string;
  /** To be logged. */
  readonly notices: readonly ConfigNotice[];
}

export interface ReadStatic {
  /** Without what is in `issues`; undefined where the rest can't be used. */
  readonly configuration: StaticConfiguration | undefined;
  readonly source: string;
  /** Everything that is wrong. */
  readonly issues: readonly ConfigIssue[];
  readonly notices: readonly ConfigNotice[];
}

interface Shipped {
  readonly file: string;
  readonly text: string;
}

/**
 * The static configuration, found and validated; the shipped one where there is no other. Throws
 * ConfigError with everything that is wrong.
 */
export async function loadStatic(
  runtime: Pick<Runtime, "files" | "env" | "cwd">,
  args: readonly string[],
  shipped: Shipped,
): Promise<LoadedStatic> {
  const { configuration, source, issues, notices } = await readStatic(runtime, args, shipped);
  if (configuration === undefined || issues.length > 0) throw new ConfigError(issues);
  return { configuration, source, notices };
}

/** The same for who wants to know more than that something is wrong. Throws where it can't be read. */
export async function readStatic(
  runtime: Pick<Runtime, "files" | "env" | "cwd">,
  args: readonly string[],
  shipped: Shipped,
): Promise<ReadStatic> {
  const document = (await findStatic(runtime, args)) ?? parseFile(shipped.text, shipped.file);
  const { value, issues, notices } = validate(staticSchema, document.value, document);
  const settled = value && settle(value, document);
  const configuration = settled && withTraefikEntryPoint(settled.configuration);
  const { source } = document;
  const said = [
    ...(document.notices ?? []),
    ...(isDynamicToo(source, configuration, runtime.cwd)
      ? notices.filter(({ path }) => !DYNAMIC_SECTIONS.includes(String(path[0]).toLowerCase()))
      : notices),
    ...(settled?.notices ?? []),
  ];
  return { configuration, source, issues, notices: said };
}

/** One file may be both: `providers.file.filename` names the static configuration itself. */
function isDynamicToo(
  source: string,
  configuration: StaticConfiguration | undefined,
  cwd: string,
): boolean {
  const filename = configuration?.providers.file?.filename;
  if (filename === undefined) return false;
  const absolute = (path: string) =>
    (path.startsWith("/") ? path : `${cwd}/${path}`).replace(/\/(?:\.\/)+/g, "/");
  return absolute(filename) === absolute(source);
}

/** Where ping, metrics, the API or the REST provider ask for the entrypoint "traefik" and none is defined, it is there, on :8080, as in Traefik. */
function withTraefikEntryPoint(configuration: StaticConfiguration): StaticConfiguration {
  const { api, ping, metrics, providers, entryPoints } = configuration;
  const wanted =
    ping?.entryPoint === "traefik" ||
    (metrics?.prometheus?.entryPoint === "traefik" && !metrics.prometheus.manualRouting) ||
    api?.insecure === true ||
    providers.rest?.insecure === true;
  if (!wanted || Object.hasOwn(entryPoints, "traefik")) return configuration;
  return {
    ...configuration,
    entryPoints: { ...entryPoints, traefik: entryPointSchema.parse({ address: ":8080" }) },
  };
}
