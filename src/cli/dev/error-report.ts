import type { Files } from "../../net/runtime.ts";

/** Lines that are shown before and behind the one with the mistake. */
const AROUND = 3;
/** Frames of a stack that are shown. */
const FRAMES = 12;
/** Characters of a line that are shown. */
const LINE = 200;

export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What went wrong in a module, for a person. */
export interface ErrorReport {
  /** "TypeError: x is not a function". */
  readonly title: string;
  /** Undefined where no file of the user's is known. */
  readonly place: Place | undefined;
  /** The lines around the place, numbered, with a mark below the column; "" where there are none. */
  readonly frame: string;
  /** Where it came from, a line for each function; of what runs, not of what is loaded. */
  readonly stack: readonly string[];
}

/**
 * Reports what a module threw, or why it can't be loaded, which the runtime's `importModule` says as
 * "file:line:column: what". `directory` is the module's: the first place below it is the one that counts.
 */
export async function errorReport(
  error: unknown,
  directory: string,
  files: Pick<Files, "read">,
): Promise<ErrorReport> {
  const loading = error instanceof Error ? loadingError(error.message) : undefined;
  if (loading !== undefined)
    return { ...loading, frame: await frameOf(loading.place, files), stack: [] };
  const stack = error instanceof Error ? framesOf(error) : [];
  const places = stack.map(placeIn).filter((place) => place !== undefined);
  const place = places.find(
    ({ file }) => file.startsWith(`${directory}/`) && !file.includes("/node_modules/"),
  );
  const title = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { title, place, frame: await frameOf(place, files), stack: stack.slice(0, FRAMES) };
}

function loadingError(message: string): Pick<ErrorReport, "title" | "place"> | undefined {
  const found = /^(\/[^\n]*?):(\d+):(\d+): (.*)$/s.exec(message);
  if (found === null) return undefined;
  const [, file, line, column, title] = found;
  return { title, place: { file, line: Number(line), column: Number(column) } };
}

/** The lines of a stack that name functions, without the versions of modules. */
function framesOf({ stack = "" }: Error): string[] {
  return stack
    .split("\n")
    .map((line) => line.trim().replace(/\?v=[^\s:()]*/g, ""))
    .filter((line) => line.startsWith("at "));
}

function placeIn(frame: string): Place | undefined {
  const found = /(?:file:\/\/)?(\/[^\s()]*?):(\d+):(\d+)\)?$/.exec(frame);
  if (found === null) return undefined;
  return { file: decoded(found[1]), line: Number(found[2]), column: Number(found[3]) };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

async function frameOf(place: Place | undefined, files: Pick<Files, "read">): Promise<string> {
  if (place === undefined) return "";
  let lines: string[];
  try {
    lines = new TextDecoder().decode(await files.read(place.file)).split(/\r?\n/);
  } catch {
    return "";
  }
  if (place.line > lines.length) return "";
  const first = Math.max(1, place.line - AROUND);
  const last = Math.min(lines.length, place.line + AROUND);
  const width = String(last).length;
  const shown: string[] = [];
  for (let number = first; number <= last; number++) {
    const mark = number === place.line ? ">" : " ";
    shown.push(`${mark} ${String(number).padStart(width)} | ${lines[number - 1].slice(0, LINE)}`);
    if (number === place.line && place.column <= LINE)
      shown.push(`${" ".repeat(width + 3)}| ${" ".repeat(Math.max(0, place.column - 1))}^`);
  }
  return shown.join("\n");
}

/** The report as a terminal shows it. */
export function reportText({ title, place, frame, stack }: ErrorReport, colored: boolean): string {
  const paint = (code: number, text: string) => (colored ? `\x1b[${code}m${text}\x1b[0m` : text);
  const lines = [paint(31, printable(title))];
  if (place !== undefined) lines.push(`  at ${paint(36, placeText(place))}`);
  if (frame !== "") lines.push("", printable(frame), "");
  // The first one says where it was thrown, which the frame has shown.
  for (const line of place === undefined ? stack : stack.slice(1))
    lines.push(paint(2, `  ${printable(line)}`));
  return `${lines.join("\n")}\n`;
}

/** The report as a page. */
export function reportPage({ title, place, frame, stack }: ErrorReport): string {
  const where = place === undefined ? "" : `<p class="place">${escaped(placeText(place))}</p>\n`;
  const code = frame === "" ? "" : `<pre class="frame">${escaped(frame)}</pre>\n`;
  const trace = stack.length === 0 ? "" : `<pre class="stack">${escaped(stack.join("\n"))}</pre>\n`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.25rem; color: light-dark(#b3261e, #ff8a80); white-space: pre-wrap; }
pre { padding: 1rem; overflow: auto; border: 1px solid #8888; border-radius: 6px; font-size: 14px; }
.place { font-family: monospace; }
.stack { opacity: .75; }
</style>
<h1>${escaped(title)}</h1>
${where}${code}${trace}<p>Shown by <code>sluice dev</code> alone: the router itself answers 500 and says no more.</p>
</html>
`;
}

function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (found) => `&#${found.charCodeAt(0)};`);
}

/** Without what would control the terminal. */
function printable(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "\ufffd");
}
