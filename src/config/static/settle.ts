import { nearest } from "../nearest.ts";
import type { ConfigDocument, ConfigNotice, KeyPath } from "../sources/document.ts";
import type { StaticConfiguration } from "./schema.ts";

export interface Settled {
  readonly configuration: StaticConfiguration;
  readonly notices: readonly ConfigNotice[];
}

type Notice = (level: ConfigNotice["level"], path: KeyPath, message: string) => void;

/** What Traefik says at its start and goes on without: a redirection to nowhere, a provider of nothing. */
export function settle(configuration: StaticConfiguration, document: ConfigDocument): Settled {
  const notices: ConfigNotice[] = [];
  const notice: Notice = (level, path, message) =>
    notices.push({ level, path, where: document.locate(path), message });
  const entryPoints = withoutLostRedirections(configuration.entryPoints, notice);
  const providers = withSettledFile(configuration.providers, notice);
  return { configuration: { ...configuration, entryPoints, providers }, notices };
}

type EntryPoints = StaticConfiguration["entryPoints"];

function withoutLostRedirections(entryPoints: EntryPoints, notice: Notice): EntryPoints {
  const settled: EntryPoints = { ...entryPoints };
  for (const [name, entryPoint] of Object.entries(entryPoints)) {
    const to = entryPoint.http.redirections?.entryPoint.to;
    if (to === undefined || Object.hasOwn(entryPoints, to) || isPort(to)) continue;
    const guess = nearest(to, Object.keys(entryPoints));
    const meant = guess === undefined ? "" : `, did you mean "${guess}"?`;
    notice(
      "error",
      ["entryPoints", name, "http", "redirections", "entryPoint", "to"],
      `expected an entrypoint's name or a port such as ":443", found "${to}"${meant}; nothing is redirected`,
    );
    settled[name] = { ...entryPoint, http: { ...entryPoint.http, redirections: undefined } };
  }
  return settled;
}

type Providers = StaticConfiguration["providers"];

function withSettledFile(providers: Providers, notice: Notice): Providers {
  const { file } = providers;
  if (file === undefined) return providers;
  const { filename = "", directory = "" } = file;
  const path = ["providers", "file"];
  if (filename === "" && directory === "") {
    const message = "expected a filename or a directory, found neither; the provider is off";
    notice("error", path, message);
    return { ...providers, file: undefined };
  }
  if (filename === "" || directory === "") return providers;
  const message = `expected a filename or a directory, found both; the filename is ignored`;
  notice("warn", [...path, "filename"], message);
  return { ...providers, file: { ...file, filename: undefined } };
}

function isPort(text: string): boolean {
  return /^:\d{1,5}$/.test(text) && Number(text.slice(1)) <= 65535;
}
