import { readFileSync } from "node:fs";
import { dirname, join, parse } from "node:path";
import { fileURLToPath } from "node:url";

interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Such messages say more than one line of a log should have. */
const OTHERS_SHOWN = 3;

/**
 * What is wrong with a module that could not be imported, with file, line and column where the runtime
 * or the file itself tells them, and for a module that is missing where it was looked for.
 * `path` is the module's, `bundled` the packages that are there without being installed.
 */
export function moduleError(error: unknown, path: string, bundled: readonly string[]): Error {
  return new Error(describe(error, path, bundled), { cause: error });
}

function describe(error: unknown, path: string, bundled: readonly string[]): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    const [first, ...others] = error.errors.map((each) => describe(each, path, bundled));
    if (others.length === 0) return first;
    const shown = others.slice(0, OTHERS_SHOWN - 1);
    const rest = others.length - shown.length;
    return [first, ...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join("; ");
  }
  const message = plainMessage(error);
  const missing = missingModule(message, path);
  if (missing !== null) {
    const { specifier, importer } = missing;
    const place = placeOfText(importer, specifier);
    return `${where(place, importer)}: cannot find module "${specifier}"; ${lookedFor(specifier, importer, bundled)}`;
  }
  const name = /export named ['"]([^'"]+)['"]/i.exec(message);
  const place = placeOf(error) ?? (name === null ? undefined : placeOfText(path, name[1]));
  const kind = error instanceof Error && isThrown(error) ? `${error.name}: ` : "";
  return `${where(place, path)}: ${kind}${message}`;
}

/** The first line without the versions of modules, and without what Deno adds: a kind and a place. */
function plainMessage(error: unknown): string {
  const text = error instanceof Error ? error.message : messageOf(error);
  const [first] = text.split("\n");
  return first
    .replace(/^SyntaxError: /, "")
    .replace(/\?v=[^\s:'"]*/g, "")
    .replace(/\s+at file:\/\/\S+$/, "")
    .trim();
}

function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === "string" ? message : String(error);
}

/** A module's own exception, as opposed to what the runtime says of its text. */
function isThrown(error: Error): boolean {
  // Deno says so of what it can't parse as well.
  const isLoaded = (error as { code?: unknown }).code !== "ERR_MODULE_NOT_FOUND";
  return isLoaded && error.name !== "SyntaxError" && error.stack !== undefined;
}

function where(place: Place | undefined, path: string): string {
  return place === undefined ? path : `${place.file}:${place.line}:${place.column}`;
}

function placeOf(error: unknown): Place | undefined {
  const { position, line, column, sourceURL, stack, message } = (error ?? {}) as {
    position?: Place | null;
    line?: number;
    column?: number;
    sourceURL?: string;
    stack?: string;
    message?: string;
  };
  if (position?.file) return { ...position, file: plainPath(position.file) };
  if (sourceURL !== undefined && line !== undefined && column !== undefined && line > 0)
    return { file: plainPath(sourceURL), line, column };
  const found = /(file:\/\/[^\s()]+|\/[^\s()]+?)(?:\?v=[^\s():]*)?:(\d+):(\d+)/.exec(
    `${message ?? ""}\n${stack ?? ""}`,
  );
  if (found === null) return undefined;
  return { file: plainPath(found[1]), line: Number(found[2]), column: Number(found[3]) };
}

function plainPath(path: string): string {
  const plain = path.replace(/\?v=[^/]*$/, "");
  return plain.startsWith("file://") ? fileURLToPath(plain) : plain;
}

/** The specifier that could not be resolved, and the file that imports it. */
function missingModule(
  message: string,
  path: string,
): { specifier: string; importer: string } | null {
  const found =
    /^Cannot find (?:module|package) ['"](.+?)['"](?: (?:imported )?from ['"]?(.+?)['"]?)?$/i.exec(
      message,
    ) ??
    /^Module not found "(.+?)"\.?$/.exec(message) ??
    /^Import "(.+?)" not a dependency/.exec(message) ??
    /^Relative import path "(.+?)" not prefixed/.exec(message);
  if (found === null) return null;
  const importer = found[2] === undefined ? path : plainPath(found[2]);
  return { specifier: plainPath(found[1]), importer };
}

/** Where a file writes that text first. */
function placeOfText(file: string, text: string): Place | undefined {
  let lines: string[];
  try {
    lines = readFileSync(file, "utf8").split("\n");
  } catch {
    return undefined;
  }
  const last = text.slice(text.lastIndexOf("/") + 1);
  for (const wanted of [text, last]) {
    const index = lines.findIndex(
      (line) => /\b(?:import|from|require)\b/.test(line) && line.includes(wanted),
    );
    if (index >= 0) return { file, line: index + 1, column: lines[index].indexOf(wanted) + 1 };
  }
  return undefined;
}

function lookedFor(specifier: string, importer: string, bundled: readonly string[]): string {
  if (/^[./]/.test(specifier)) {
    const path = specifier.startsWith("/") ? specifier : join(dirname(importer), specifier);
    return `looked for ${path}`;
  }
  const [first, second] = specifier.split("/");
  const name = first.startsWith("@") ? `${first}/${second}` : first;
  const places: string[] = [];
  for (let at = dirname(importer); ; at = dirname(at)) {
    places.push(join(at, "node_modules", name));
    if (at === parse(at).root) break;
  }
  const own =
    bundled.length === 0 ? "" : `; without an installation there are ${bundled.join(", ")}`;
  return `looked for ${places.join(", ")}${own}`;
}
