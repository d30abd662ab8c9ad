import { compileTemplate, hasActions, type Rendered } from "../template/template.ts";
import { TemplateError } from "../template/template-error.ts";
import { type ConfigDocument, ConfigError } from "./document.ts";
import { parseFile } from "./parse-file.ts";

/** A file that may be a Go template. */
export interface TemplatedFile {
  /** Its path; the extension says the language. */
  readonly name: string;
  readonly text: string;
  /** For `env`; only where the file is a template. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** What Traefik's file provider gives to its templates. */
const DATA = false;

/**
 * Reads a dynamic configuration's file, which is a Go template first, as in Traefik. Places are those
 * in the template: of what an action makes, the action's. Throws ConfigError.
 */
export function parseTemplatedFile(file: TemplatedFile): ConfigDocument {
  const { name, text } = file;
  const rendered = renderFile(file);
  if (rendered === undefined) return parseFile(text, name);
  const places = new OriginalPlaces(file, rendered);
  try {
    const document = parseFile(rendered.text, name);
    return { ...document, locate: (path) => places.original(document.locate(path)) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(
      error.issues.map((issue) => ({ ...issue, where: places.original(issue.where) })),
    );
  }
}

/** What the template makes; undefined for a file without one. Throws ConfigError. */
export function renderFile({ name, text, env }: TemplatedFile): Rendered | undefined {
  if (!hasActions(text)) return undefined;
  try {
    return compileTemplate(text, env).render(DATA);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const where = `${name}:${placeIn(lineStarts(text), error.offset)}`;
    throw new ConfigError([{ path: [], where, message: `template: ${error.message}` }]);
  }
}

/** From places in what a template has made to those in the template. */
class OriginalPlaces {
  private readonly file: TemplatedFile;
  private readonly rendered: Rendered;
  private renderedLines: readonly number[] | undefined;
  private lines: readonly number[] | undefined;

  constructor(file: TemplatedFile, rendered: Rendered) {
    this.file = file;
    this.rendered = rendered;
  }

  original(where: string): string {
    const match = /^(.*):(\d+):(\d+)$/s.exec(where);
    if (match === null) return where;
    this.renderedLines ??= lineStarts(this.rendered.text);
    this.lines ??= lineStarts(this.file.text);
    const start = this.renderedLines[Number(match[2]) - 1] ?? this.rendered.text.length;
    const offset = this.rendered.origin(start + Number(match[3]) - 1);
    return `${match[1]}:${placeIn(this.lines, offset)}`;
  }
}

function lineStarts(text: string): number[] {
  return [0, ...Array.from(text.matchAll(/\r\n?|\n/g), ({ index, 0: end }) => index + end.length)];
}

/** "line:column" of an offset. */
function placeIn(starts: readonly number[], offset: number): string {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= offset) low = middle;
    else high = middle - 1;
  }
  return `${low + 1}:${offset - starts[low] + 1}`;
}
